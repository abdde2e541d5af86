import { strict as assert } from "node:assert";
import type { Connection } from "../../src/gateway/connection.ts";
import { Heartbeat } from "../../src/gateway/heartbeat.ts";
import { openLinked } from "./linked_connection.ts";

const INTERVAL_MS = 1000;
const SWEEP_MS = INTERVAL_MS / 4;

function watch(connection: Connection): Heartbeat {
  return new Heartbeat(() => connection.isOver ? [] : [connection], INTERVAL_MS);
}

/** Sweeps as the timer would, from time 0; gives when the connection ended. */
function sweepUntilEnd(
  heartbeat: Heartbeat,
  connection: Connection,
  meanwhile: (nowMs: number) => void = () => {},
): number | undefined {
  for (let nowMs = SWEEP_MS; nowMs <= 10 * INTERVAL_MS; nowMs += SWEEP_MS) {
    meanwhile(nowMs);
    heartbeat.sweep(nowMs);
    if (connection.isOver) return nowMs;
  }
  return undefined;
}

Deno.test("sweep() drops a peer that takes nothing within two intervals", () => {
  using linked = openLinked();
  linked.client.pause();
  linked.connection.send("x".repeat(1000));
  const endedMs = sweepUntilEnd(watch(linked.connection), linked.connection);
  assert.ok(endedMs !== undefined && endedMs > INTERVAL_MS && endedMs <= 2 * INTERVAL_MS);
  assert.deepEqual(linked.ends, [{ code: 4410, isClean: false }]);
});

Deno.test("sweep() leaves alone whoever has nothing to take", () => {
  using linked = openLinked();
  assert.equal(sweepUntilEnd(watch(linked.connection), linked.connection), undefined);
});

Deno.test("sweep() leaves alone a slow reader that takes a little", () => {
  using linked = openLinked();
  linked.client.pause();
  for (let frame = 0; frame < 100; frame++) linked.connection.send("x".repeat(1000));
  const read = (nowMs: number) => nowMs % INTERVAL_MS === 0 && linked.client.read(1);
  assert.equal(sweepUntilEnd(watch(linked.connection), linked.connection, read), undefined);
});

Deno.test("sweep() leaves alone a peer that speaks though it takes nothing", () => {
  using linked = openLinked();
  linked.client.pause();
  linked.connection.send("x");
  const speak = (nowMs: number) => nowMs % INTERVAL_MS === 0 && linked.client.sendRaw("{}");
  assert.equal(sweepUntilEnd(watch(linked.connection), linked.connection, speak), undefined);
});

for (const letter of ["x", "é", "😀"]) {
  Deno.test(`sweep() drops a dead peer to whom more is sent all the time: ${letter}`, () => {
    using linked = openLinked();
    linked.client.pause();
    const send = () => linked.connection.send(letter.repeat(10));
    send();
    const endedMs = sweepUntilEnd(watch(linked.connection), linked.connection, send);
    assert.ok(endedMs !== undefined && endedMs <= 2 * INTERVAL_MS, `${endedMs} ms`);
  });
}

Deno.test("sweep() drops a peer that the runtime has given up without getting its close frame out", () => {
  using linked = openLinked();
  linked.client.pause();
  linked.socket.close(1001, "No response from ping frame.");
  const endedMs = sweepUntilEnd(watch(linked.connection), linked.connection);
  assert.equal(endedMs, 2 * SWEEP_MS);
  assert.deepEqual(linked.ends, [{ code: 4410, isClean: false }]);
});

Deno.test("sweep() leaves a socket the time to close", () => {
  using linked = openLinked();
  const heartbeat = watch(linked.connection);
  linked.client.pause();
  linked.socket.close(1000, "");
  heartbeat.sweep(SWEEP_MS);
  linked.client.read();
  heartbeat.sweep(2 * SWEEP_MS);
  assert.deepEqual(linked.ends, [{ code: 1000, isClean: true }]);
});

Deno.test("sweep() counts anew after a peer has caught up", () => {
  using linked = openLinked();
  const heartbeat = watch(linked.connection);
  linked.client.pause();
  linked.connection.send("x");
  const caughtUpAtMs = 5 * SWEEP_MS;
  const endedMs = sweepUntilEnd(heartbeat, linked.connection, (nowMs) => {
    if (nowMs !== caughtUpAtMs) return;
    linked.client.read();
    heartbeat.sweep(nowMs);
    linked.client.pause();
    linked.connection.send("y");
  });
  assert.ok(endedMs !== undefined && endedMs > caughtUpAtMs + INTERVAL_MS);
});
