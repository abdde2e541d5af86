/**
 * What a subscription promises.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { BusMessage } from "../../src/bus/bus.ts";
import { until } from "../support/wait.ts";
import { listen, type OpenBusPlace, settle } from "./bus_place.ts";

export function testBusPatterns(name: string, open: OpenBusPlace): void {
  Deno.test(`${name}: * stands for one part, > for one or more at the end`, async () => {
    await using place = await open({ breakable: false });
    const bus = await place.connect();
    const patterns = ["a", "a.b", "a.*", "*.b", "*", ">", "a.>", "a.*.c", "*.*", "a.b.>", "%.b"];
    const heard = patterns.map((pattern) => listen(bus, `${place.prefix}.${pattern}`, "subject"));
    const end = listen(bus, `${place.prefix}end`);

    const subjects = ["a", "b", "a.b", "a.x", "c.b", "a.b.c", "a.x.c", "a.b.c.d", "%.b"];
    for (const subject of subjects) bus.publish(`${place.prefix}.${subject}`, subject);
    bus.publish(`${place.prefix}end`, "");

    await until(() => end.length > 0, { what: "the last message" });
    const seen = patterns.map((pattern, i) => [
      pattern,
      heard[i]?.map((subject) => subject.slice(place.prefix.length + 1)),
    ]);
    assert.deepEqual(Object.fromEntries(seen), {
      "a": ["a"],
      "a.b": ["a.b"],
      "a.*": ["a.b", "a.x"],
      "*.b": ["a.b", "c.b", "%.b"],
      "*": ["a", "b"],
      ">": subjects,
      "a.>": ["a.b", "a.x", "a.b.c", "a.x.c", "a.b.c.d"],
      "a.*.c": ["a.b.c", "a.x.c"],
      "*.*": ["a.b", "a.x", "c.b", "%.b"],
      "a.b.>": ["a.b.c", "a.b.c.d"],
      "%.b": ["%.b"],
    });
  });

  Deno.test(`${name}: subscribers of one queue share messages, others get all of them`, async () => {
    await using place = await open({ breakable: false });
    const [a, b] = [await place.connect(), await place.connect()];
    const subject = `${place.prefix}.work.item`;
    const first = listen(a, subject, "data", "workers");
    const second = listen(b, `${place.prefix}.work.*`, "data", "workers");
    const other = listen(b, subject, "data", "auditors");
    const everything = listen(b, subject);
    await settle(a, b);
    const sent = Array.from({ length: 300 }, (_, i) => String(i));

    for (const data of sent) a.publish(subject, data);

    await until(() => everything.length === sent.length && other.length === sent.length, {
      what: "all messages",
    });
    await until(() => first.length + second.length >= sent.length, { what: "all the work" });
    const shared = [...first, ...second].sort((x, y) => Number(x) - Number(y));
    assert.deepEqual(shared, sent);
    assert.ok(first.length > 0 && second.length > 0, "one worker did everything");
  });
}

export function testBusSubscriptions(name: string, open: OpenBusPlace): void {
  Deno.test(`${name}: isHeard(), where there is one, tells whether anybody gets a message`, async () => {
    await using place = await open({ breakable: false });
    const [a, b] = [await place.connect(), await place.connect()];
    if (a.isHeard === undefined) return;
    const subject = `${place.prefix}.lobby.ada`;
    assert.equal(a.isHeard(subject), false);
    for (const pattern of [subject, `${place.prefix}.lobby.*`, `${place.prefix}.*.ada`, ">"]) {
      const subscription = b.subscribe(pattern, () => {});
      assert.equal(a.isHeard(subject), true, pattern);
      subscription.unsubscribe();
      assert.equal(a.isHeard(subject), false, pattern);
    }
    b.subscribe(`${place.prefix}.arena.*`, () => {});
    assert.equal(a.isHeard(subject), false);
    b.subscribe(subject, () => {});
    await a.close();
    assert.equal(a.isHeard(subject), false, "a closed bus reaches nobody");
  });

  Deno.test(`${name}: unsubscribe() ends delivery at once, and a second one does nothing`, async () => {
    await using place = await open({ breakable: false });
    const bus = await place.connect();
    const subject = `${place.prefix}.s`;
    const heard: string[] = [];
    const subscription = bus.subscribe(subject, ({ data }) => {
      heard.push(data);
      if (data === "last") subscription.unsubscribe();
    });
    const other = listen(bus, subject);

    for (const data of ["first", "last", "late"]) bus.publish(subject, data);

    await until(() => other.length === 3, { what: "the other subscriber" });
    subscription.unsubscribe();
    subscription.unsubscribe();
    bus.publish(subject, "after");
    await until(() => other.length === 4, { what: "the other subscriber" });
    assert.deepEqual(heard, ["first", "last"]);
  });

  Deno.test(`${name}: two subscriptions of one handler live and end apart`, async () => {
    await using place = await open({ breakable: false });
    const bus = await place.connect();
    const heard: string[] = [];
    const handler = ({ data }: BusMessage) => void heard.push(data);
    const subject = `${place.prefix}.s`;
    const [one] = [bus.subscribe(subject, handler), bus.subscribe(subject, handler)];

    bus.publish(subject, "both");
    await until(() => heard.length === 2, { what: "both subscriptions" });
    one.unsubscribe();
    bus.publish(subject, "one");
    const end = listen(bus, `${place.prefix}.end`);
    bus.publish(`${place.prefix}.end`, "");

    await until(() => end.length > 0, { what: "the last message" });
    assert.deepEqual(heard, ["both", "both", "one"]);
  });

  Deno.test(`${name}: a handler that fails stops neither others nor itself`, async () => {
    await using place = await open({ breakable: false });
    const bus = await place.connect();
    const subject = `${place.prefix}.s`;
    let failures = 0;
    bus.subscribe(subject, () => {
      failures++;
      throw new Error("a handler's own fault");
    });
    bus.subscribe(subject, async () => {
      await Promise.resolve();
      failures++;
      throw new Error("an asynchronous handler's own fault");
    });
    const heard = listen(bus, subject);

    bus.publish(subject, "first");
    bus.publish(subject, "second");

    await until(() => heard.length === 2 && failures === 4, { what: "every handler" });
    assert.equal(bus.status, "connected");
  });

  Deno.test(`${name}: flush() puts earlier subscriptions in effect everywhere`, async () => {
    await using place = await open({ breakable: false });
    const [a, b] = [await place.connect(), await place.connect()];
    for (let i = 0; i < 20; i++) {
      const heard = listen(b, `${place.prefix}.s${i}`);
      await b.flush();
      a.publish(`${place.prefix}.s${i}`, "x");
      await until(() => heard.length === 1, { what: `message ${i}` });
    }
  });
}
