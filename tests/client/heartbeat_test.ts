import assert from "node:assert/strict";
import { scripted } from "./support/scripted.ts";

const INTERVAL_MS = 15_000;

Deno.test("a silent connection is pinged, and its latency told", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  assert.equal(socket.pings, 1);
  assert.equal(client.latencyMs, 0);
  await world.pass(INTERVAL_MS - 1);
  assert.equal(socket.pings, 1);
  await world.pass(1);
  assert.equal(socket.pings, 2);
  await world.pass(10 * INTERVAL_MS);
  assert.equal(socket.pings, 12);
  assert.equal(client.state, "connected");
  await client.disconnect();
});

Deno.test("latency is the time from a ping to its answer", async () => {
  const world = scripted();
  const client = world.client();
  const latencies: number[] = [];
  client.on("latency", (latencyMs) => latencies.push(latencyMs));
  const connecting = client.connect();
  const socket = await world.socket(1);
  socket.holdPings = true;
  socket.greet();
  await connecting;
  await world.pass(42);
  socket.answerPings();
  await world.settle();
  assert.deepEqual(latencies, [42]);
  assert.equal(client.latencyMs, 42);
  await client.disconnect();
});

Deno.test("where traffic flows there are no pings", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  for (let second = 0; second < 120; second++) {
    await world.pass(1_000);
    socket.tell("presence.updated", { presences: [] });
  }
  assert.equal(socket.pings, 1);
  await client.disconnect();
});

for (const quietMs of [0, 1, 7_000, 14_999]) {
  Deno.test(`a network that dies ${quietMs} ms after a message is noticed within two intervals`, async () => {
    const world = scripted();
    const { client, socket } = await world.connected();
    await world.pass(3_000);
    socket.tell("presence.updated", { presences: [] });
    await world.pass(quietMs);
    socket.dead = true;
    await world.pass(2 * INTERVAL_MS - 1);
    assert.equal(client.state, "reconnecting");
    assert.equal(socket.closedWith !== null, true);
    await client.disconnect();
  });
}

Deno.test("a hidden tab's timers, a minute apart, make no false alarm", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  for (let minute = 0; minute < 30; minute++) await world.suspend(60_000);
  assert.equal(client.state, "connected");
  assert.ok(socket.pings > 10);
  await client.disconnect();
});

Deno.test("an answer that waits unread while the tab is frozen makes no false alarm", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  socket.holdPings = true;
  await world.pass(INTERVAL_MS);
  // Frozen before the answer is read; on thawing, the timer happens to run first.
  await world.suspend(600_000);
  socket.answerPings();
  await world.pass(INTERVAL_MS);
  assert.equal(client.state, "connected");
  await client.disconnect();
});

Deno.test("a dead network is noticed even where timers are late", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  socket.dead = true;
  for (let minute = 0; minute < 6; minute++) await world.suspend(60_000);
  assert.notEqual(client.state, "connected");
  await client.disconnect();
});

Deno.test("a tab that wakes looks at once whether the connection is still there", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  await world.wake();
  assert.equal(socket.pings, 2);
  await world.pass(6_000);
  assert.equal(client.state, "connected");
  socket.dead = true;
  await world.wake();
  await world.pass(5_000);
  assert.equal(client.state, "reconnecting");
  assert.equal(client.reason?.code, "heartbeat_lost");
  assert.equal(
    client.reason?.message,
    "The game server does not answer. Check your internet connection.",
  );
  await client.disconnect();
});

Deno.test("a tab that wakes again and again does not put off that its network is dead", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  socket.dead = true;
  for (let wakes = 0; wakes < 7; wakes++) {
    await world.wake();
    await world.pass(4_000);
  }
  assert.equal(client.state, "reconnecting");
  await client.disconnect();
});

Deno.test("a laptop that slept while a ping was on its way has time to answer", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  socket.holdPings = true;
  await world.pass(INTERVAL_MS);
  world.skip(3_600_000);
  await world.wake();
  await world.pass(4_000);
  socket.answerPings();
  await world.pass(INTERVAL_MS - 1);
  assert.equal(client.state, "connected");
  await client.disconnect();
});

Deno.test("a runtime's terminate() ends a dead connection, for a close frame would end the session", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  let terminated = false;
  socket.terminate = () => {
    terminated = true;
  };
  socket.dead = true;
  await world.pass(2 * INTERVAL_MS);
  assert.equal(terminated, true);
  assert.equal(socket.closedWith, null);
  await client.disconnect();
});

Deno.test("a clock that is set back does not put the heartbeat off", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  world.setBack(86_400_000);
  socket.dead = true;
  await world.pass(3 * INTERVAL_MS);
  assert.equal(client.state, "reconnecting");
  await client.disconnect();
});

Deno.test("a clock that is set back makes no latency below nothing", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  socket.holdPings = true;
  await world.pass(INTERVAL_MS);
  world.setBack(3_600_000);
  socket.answerPings();
  await world.settle();
  assert.equal(client.latencyMs, 0);
  await client.disconnect();
});
