/**
 * What a request promises, and what a bus refuses.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { BusMessage } from "../../src/bus/bus.ts";
import { until } from "../support/wait.ts";
import { hasReason, listen, type OpenBusPlace, rejectsWith, settle } from "./bus_place.ts";

export function testBusRequests(name: string, open: OpenBusPlace): void {
  Deno.test(`${name}: request() brings the answer, with headers both ways`, async () => {
    await using place = await open({ breakable: false });
    const [a, b] = [await place.connect(), await place.connect()];
    b.subscribe(`${place.prefix}.rpc.*`, (message) => {
      const asked = message.headers["Waygate-User"];
      message.respond(`${message.data} ${asked}`, { "Answered-By": "b" });
    });
    await settle(b);

    const options = { timeoutMs: 5000, headers: { "Waygate-User": "ann" } };
    const reply = await a.request(`${place.prefix}.rpc.greet`, "hello", options);

    assert.equal(reply.data, "hello ann");
    assert.deepEqual({ ...reply.headers }, { "Answered-By": "b" });
  });

  Deno.test(`${name}: requests under way at once each get their own answer`, async () => {
    await using place = await open({ breakable: false });
    const [a, b] = [await place.connect(), await place.connect()];
    const waiting: BusMessage[] = [];
    b.subscribe(`${place.prefix}.rpc`, (message) => {
      waiting.push(message);
      if (waiting.length < 50) return;
      for (const each of waiting.reverse()) each.respond(`re: ${each.data}`);
    });
    await settle(b);

    const asked = Array.from({ length: 50 }, (_, i) => String(i));
    const replies = await Promise.all(
      asked.map((data) => a.request(`${place.prefix}.rpc`, data, { timeoutMs: 5000 })),
    );

    assert.deepEqual(replies.map(({ data }) => data), asked.map((data) => `re: ${data}`));
  });

  Deno.test(`${name}: the first answer counts, one of a queue answers, a publish cannot be answered`, async () => {
    await using place = await open({ breakable: false });
    const [a, b] = [await place.connect(), await place.connect()];
    let calls = 0;
    for (const bus of [a, b]) {
      bus.subscribe(`${place.prefix}.rpc`, (message) => {
        calls++;
        message.respond("first");
        message.respond("second");
      }, { queue: "q" });
    }
    await settle(a, b);

    const reply = await a.request(`${place.prefix}.rpc`, "", { timeoutMs: 5000 });
    assert.equal(reply.data, "first");
    reply.respond("to nobody");
    assert.equal(calls, 1);

    a.publish(`${place.prefix}.rpc`, "");
    await until(() => calls === 2, { what: "the plain publish" });
  });

  Deno.test(`${name}: request() fails at once with no_responders when nobody is subscribed`, async () => {
    await using place = await open({ breakable: false });
    const bus = await place.connect();
    const subscription = bus.subscribe(`${place.prefix}.rpc`, (message) => message.respond("yes"));
    await bus.request(`${place.prefix}.rpc`, "", { timeoutMs: 5000 });
    subscription.unsubscribe();

    const startedAt = performance.now();
    await rejectsWith(
      "no_responders",
      bus.request(`${place.prefix}.rpc`, "", { timeoutMs: 60_000 }),
    );
    assert.ok(performance.now() - startedAt < 5000, "it waited");
  });

  Deno.test(`${name}: request() fails with timeout when nobody answers in time`, async () => {
    await using place = await open({ breakable: false });
    const bus = await place.connect();
    bus.subscribe(`${place.prefix}.rpc`, () => {});
    await rejectsWith("timeout", bus.request(`${place.prefix}.rpc`, "", { timeoutMs: 30 }));
  });

  Deno.test(`${name}: request() stops waiting when its signal aborts, with the signal's reason`, async () => {
    await using place = await open({ breakable: false });
    const bus = await place.connect();
    const heard = listen(bus, `${place.prefix}.rpc`);
    const stop = new AbortController();
    const request = (data: string) =>
      bus.request(`${place.prefix}.rpc`, data, { timeoutMs: 60_000, signal: stop.signal });
    const reason = new Error("the client left");

    const asked = request("sent");
    await until(() => heard.length === 1, { what: "the request" });
    stop.abort(reason);

    await assert.rejects(asked, (error) => error === reason);
    await assert.rejects(request("never sent"), (error) => error === reason);
    await bus.flush();
    assert.deepEqual(heard, ["sent"]);
  });
}

export function testBusRefusals(name: string, open: OpenBusPlace): void {
  Deno.test(`${name}: what cannot be a subject, a pattern or a header is refused`, async () => {
    await using place = await open({ breakable: false });
    const bus = await place.connect();
    const ignore = () => {};
    for (const subject of ["", "a.", ".a", "a..b", "a b", "a\r\nb", "a.*", ">", "a*", "a\tb"]) {
      assert.throws(() => bus.publish(subject, ""), TypeError, subject);
      await assert.rejects(bus.request(subject, "", { timeoutMs: 1000 }), TypeError, subject);
    }
    for (const pattern of ["", "a.", ">.a", "a>", "*a", "a b", "a..>", "a\n"]) {
      assert.throws(() => bus.subscribe(pattern, ignore), TypeError, pattern);
    }
    for (const headers of [{ "a:b": "" }, { "a b": "" }, { "": "" }, { a: "x\r\ny" }, { ä: "" }]) {
      assert.throws(() => bus.publish("a", "", headers), TypeError, JSON.stringify(headers));
    }
    await bus.flush();
  });

  Deno.test(`${name}: a message over the limit is refused with too_large, and the bus goes on`, async () => {
    await using place = await open({ breakable: false });
    const bus = await place.connect();
    const subject = `${place.prefix}.big`;
    const heard = listen(bus, subject);
    const fits = "ä".repeat(1_048_576 / 2);

    bus.publish(subject, fits);
    assert.throws(() => bus.publish(subject, `${fits}.`), hasReason("too_large"));
    await rejectsWith("too_large", bus.request(subject, `${fits}.`, { timeoutMs: 5000 }));
    bus.publish(subject, "after");

    await until(() => heard.length === 2, { what: "both messages" });
    assert.deepEqual(heard.map(({ length }) => length), [fits.length, 5]);
  });
}
