/**
 * What a bus promises in an outage and at its end.
 *
 * @module
 */

import assert from "node:assert/strict";
import { until } from "../support/wait.ts";
import { listen, type OpenBusPlace, rejectsWith, settle } from "./bus_place.ts";

export function testBusOutages(name: string, open: OpenBusPlace): void {
  Deno.test(`${name}: status changes are told once each, until the listener is taken back`, async () => {
    await using place = await open({ breakable: true });
    const bus = await place.connect();
    const seen: string[] = [];
    const stopped: string[] = [];
    bus.onStatus((status) => seen.push(`${status} ${bus.status}`));
    bus.onStatus(() => {
      throw new Error("a listener's own fault");
    });
    const stop = bus.onStatus((status) => stopped.push(status));

    assert.equal(bus.status, "connected");
    await place.cut();
    stop();
    stop();
    await place.mend();

    assert.deepEqual(seen, ["disconnected disconnected", "connected connected"]);
    assert.deepEqual(stopped, ["disconnected"]);
  });

  Deno.test(`${name}: while disconnected publish() drops and calls fail with unavailable`, async () => {
    await using place = await open({ breakable: true });
    const [a, b] = [await place.connect(), await place.connect()];
    const heard = listen(b, `${place.prefix}.s`);
    await settle(b);

    await place.cut();
    a.publish(`${place.prefix}.s`, "dropped");
    await rejectsWith("unavailable", a.flush());
    await rejectsWith("unavailable", a.request(`${place.prefix}.s`, "", { timeoutMs: 60_000 }));
    await place.mend();
    await settle(a, b);

    a.publish(`${place.prefix}.s`, "sent");
    await until(() => heard.length > 0, { what: "the message" });
    assert.deepEqual(heard, ["sent"]);
  });

  Deno.test(`${name}: a request under way when the bus is lost fails with unavailable`, async () => {
    await using place = await open({ breakable: true });
    const [a, b] = [await place.connect(), await place.connect()];
    const heard = listen(b, `${place.prefix}.rpc`);
    await settle(b);
    const asked = rejectsWith(
      "unavailable",
      a.request(`${place.prefix}.rpc`, "", { timeoutMs: 60_000 }),
    );
    await until(() => heard.length === 1, { what: "the request" });
    await place.cut();
    await asked;
  });

  Deno.test(`${name}: subscriptions survive an outage, and those ended or begun in it are as asked`, async () => {
    await using place = await open({ breakable: true });
    const [a, b] = [await place.connect(), await place.connect()];
    const kept = listen(b, `${place.prefix}.kept.*`);
    const shared = listen(b, `${place.prefix}.kept.*`, "data", "q");
    const ended: string[] = [];
    const ending = b.subscribe(`${place.prefix}.kept.*`, ({ data }) => ended.push(data));
    await settle(b);

    await place.cut();
    ending.unsubscribe();
    const begun = listen(b, `${place.prefix}.kept.x`);
    await place.mend();
    await settle(a, b);
    a.publish(`${place.prefix}.kept.x`, "back");

    const all = () => [kept, shared, begun].every(({ length }) => length > 0);
    await until(all, { what: "the message after the outage" });
    assert.deepEqual([kept, shared, begun, ended], [["back"], ["back"], ["back"], []]);
  });
}

export function testBusClose(name: string, open: OpenBusPlace): void {
  Deno.test(`${name}: close() first delivers what is under way, then ends everything`, async () => {
    await using place = await open({ breakable: false });
    const [a, b] = [await place.connect(), await place.connect()];
    const heard = [listen(a, `${place.prefix}.s`), listen(b, `${place.prefix}.s`)];
    const statuses: string[] = [];
    a.onStatus((status) => statuses.push(status));
    await settle(a, b);
    const sent = Array.from({ length: 500 }, (_, i) => String(i));

    for (const data of sent) a.publish(`${place.prefix}.s`, data);
    const closed = a.close();
    assert.equal(a.close(), closed);
    await closed;

    assert.deepEqual(heard[0], sent);
    await until(() => heard[1]?.length === sent.length, { what: "the other bus" });
    assert.equal(a.status, "disconnected");
    assert.deepEqual(statuses, ["disconnected"]);
    b.publish(`${place.prefix}.s`, "after");
    await b.flush();
    assert.deepEqual(heard[0], sent);
  });

  Deno.test(`${name}: a closed bus drops, refuses calls and takes subscriptions without effect`, async () => {
    await using place = await open({ breakable: false });
    const [a, b] = [await place.connect(), await place.connect()];
    const subscription = a.subscribe(`${place.prefix}.s`, () => {});
    await settle(a);
    await a.close();

    a.publish(`${place.prefix}.s`, "dropped");
    subscription.unsubscribe();
    const heard = listen(a, `${place.prefix}.s`);
    await rejectsWith("unavailable", a.flush());
    await rejectsWith("unavailable", a.request(`${place.prefix}.s`, "", { timeoutMs: 1000 }));
    await rejectsWith("no_responders", b.request(`${place.prefix}.s`, "", { timeoutMs: 5000 }));
    assert.deepEqual(heard, []);
  });

  Deno.test(`${name}: close() ends a request that is still waiting`, async () => {
    await using place = await open({ breakable: false });
    const [a, b] = [await place.connect(), await place.connect()];
    const heard = listen(b, `${place.prefix}.rpc`);
    await settle(b);
    const asked = rejectsWith(
      "unavailable",
      a.request(`${place.prefix}.rpc`, "", { timeoutMs: 60_000 }),
    );
    await until(() => heard.length === 1, { what: "the request" });
    await a.close();
    await asked;
  });
}
