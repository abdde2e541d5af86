/** A gateway, or something that answers in its place, that does not keep to the protocol. */
import assert from "node:assert/strict";
import { LONGEST_TIMER_MS } from "../../src/client/environment.ts";
import { scripted } from "./support/scripted.ts";

for (const method of ["system.error", "system.shutdown", "system.announcement", "player.event"]) {
  for (const params of [undefined, null, "text"]) {
    Deno.test(`${method} with the params ${params} is told as an error, and is no event`, async () => {
      const world = scripted();
      const { client, socket } = await world.connected();
      const told: unknown[] = [];
      client.on("error", ({ code }) => told.push(code));
      for (const name of ["system.error", "system.shutdown"] as const) {
        client.on(name, () => told.push(name));
      }
      socket.tell(method, params);
      assert.deepEqual(told, ["bad_message"]);
      assert.equal(client.state, "connected");
      await client.disconnect();
    });
  }
}

for (const params of [undefined, null, {}, { protocol: 1 }, { protocol: 1, session_id: "ws_1" }]) {
  Deno.test(`a welcome of ${JSON.stringify(params)} is told, and another connection tried`, async () => {
    const world = scripted();
    const client = world.client();
    const told: unknown[] = [];
    client.on("error", ({ code }) => told.push(code));
    client.on("system.welcome", () => told.push("welcome"));
    const connecting = client.connect();
    const socket = await world.socket(1);
    socket.open();
    socket.tell("system.welcome", params);
    await world.settle();
    assert.deepEqual(told, ["bad_message"]);
    assert.equal(client.state, "reconnecting");
    assert.equal(client.reason?.detail, "The server sent a welcome of another shape");
    assert.notEqual(socket.closedWith, null);
    await world.pass(250);
    (await world.socket(2)).greet();
    await connecting;
    await client.disconnect();
    assert.equal(world.timers, 0);
  });
}

Deno.test("an answer to session.resume without a result is a gap, and no reason to stay away", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  let gaps = 0;
  client.on("gap", () => gaps++);
  socket.end(1006);
  await world.pass(250);
  const next = await world.socket(2);
  next.greet({ session_id: "ws_2" });
  next.answer(next.request("session.resume"), null);
  assert.equal(client.state, "connected");
  assert.equal(gaps, 1);
  await client.disconnect();
});

Deno.test("times beyond what timers take are taken for the longest", async () => {
  const world = scripted();
  const delays: number[] = [];
  const { setTimer } = world;
  world.setTimer = (run, delayMs) => {
    delays.push(delayMs);
    return setTimer(run, delayMs);
  };
  const client = world.client();
  const connecting = client.connect();
  const socket = await world.socket(1);
  socket.greet({ heartbeat_interval_ms: 1e12 });
  await connecting;
  assert.equal(Math.max(...delays), LONGEST_TIMER_MS);
  socket.tell("system.shutdown", { reason: "restart", reconnect_after_ms: 3e9 });
  socket.end(1012);
  await world.settle();
  assert.equal(client.reason?.retryAtMs, world.now() + LONGEST_TIMER_MS + 250);
  await client.disconnect();
});
