import assert from "node:assert/strict";
import type { Gap, WaygateClient } from "../../src/client/client.ts";
import { scripted } from "./support/scripted.ts";
import type { ScriptedSocket } from "./support/scripted_socket.ts";

Deno.test("after a reconnect the session goes on: resume first, missed events once, in order", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const { seen, gaps } = watch(client);
  event(socket, 1);
  event(socket, 2);
  socket.end(1006);
  await world.pass(250);
  const next = await world.socket(2);
  next.greet({ session_id: "ws_2" });
  assert.deepEqual(next.sent.map(({ method, params }) => [method, params]), [
    ["session.resume", { session_id: "ws_1", last_seq: 2 }],
  ]);
  assert.equal(client.state, "reconnecting");
  next.resume({ resumed: true, replayed: 2 });
  assert.equal(client.state, "connected");
  event(next, 3);
  event(next, 5);
  event(next, 6);
  assert.deepEqual(seen, [1, 2, 3, 5, 6]);
  assert.deepEqual(gaps, []);
  next.end(1006);
  await world.pass(500);
  const third = await world.socket(3);
  third.greet({ session_id: "ws_3" });
  assert.deepEqual(third.request("session.resume").params, { session_id: "ws_2", last_seq: 6 });
  await client.disconnect();
});

Deno.test("an event that came twice is told once", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const { seen } = watch(client);
  for (const seq of [4, 4, 3, 7, 7]) event(socket, seq);
  assert.deepEqual(seen, [4, 7]);
  await client.disconnect();
});

Deno.test("what is new waits until what was missed has come", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const { seen } = watch(client);
  event(socket, 1);
  socket.end(1006);
  await world.pass(250);
  const next = await world.socket(2);
  next.greet();
  event(next, 4);
  next.resume({ resumed: true, replayed: 3 });
  assert.deepEqual(seen, [1]);
  for (const seq of [2, 3, 4]) event(next, seq);
  event(next, 5);
  assert.deepEqual(seen, [1, 2, 3, 4, 5]);
  await client.disconnect();
});

Deno.test("a frame that holds the answer and what was missed keeps its order", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const { seen } = watch(client);
  client.on("state", ({ state }) => state === "connected" && seen.push(0));
  event(socket, 1);
  socket.end(1006);
  await world.pass(250);
  const next = await world.socket(2);
  next.greet();
  const { id } = next.request("session.resume");
  next.frame(JSON.stringify([
    { jsonrpc: "2.0", id, result: { resumed: true, replayed: 1 } },
    { jsonrpc: "2.0", method: "player.event", params: { seq: 2 } },
    { jsonrpc: "2.0", method: "player.event", params: { seq: 3 } },
  ]));
  assert.deepEqual(seen, [1, 0, 2, 3]);
  await client.disconnect();
});

Deno.test("a gap is told, and numbering may start anew", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const { seen, gaps } = watch(client);
  event(socket, 50);
  socket.end(1006);
  await world.pass(250);
  const next = await world.socket(2);
  next.greet();
  next.resume({ resumed: false, replayed: 0 });
  assert.equal(client.state, "connected");
  assert.deepEqual(gaps, [{ lastSeq: 50 }]);
  event(next, 1);
  assert.deepEqual(seen, [50, 1]);
  await client.disconnect();
});

Deno.test("a server that cannot resume now is asked again, before anything new is told", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const { seen, gaps } = watch(client);
  event(socket, 1);
  socket.end(1006);
  await world.pass(250);
  const next = await world.socket(2);
  next.greet();
  next.refuse(next.request("session.resume"), -32004, { part: "redis" });
  await world.settle();
  event(next, 3);
  await world.pass(400);
  assert.equal(client.state, "reconnecting");
  next.resume({ resumed: true, replayed: 1 });
  event(next, 2);
  assert.equal(client.state, "connected");
  assert.deepEqual(seen, [1, 2, 3]);
  assert.deepEqual(gaps, []);
  await client.disconnect();
  assert.equal(world.timers, 0);
});

Deno.test("a server that cannot resume is a gap and an error, and no reason to stay away", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const { gaps } = watch(client);
  const errors: unknown[] = [];
  client.on("error", ({ code }) => errors.push(code));
  socket.end(1006);
  await world.pass(250);
  const next = await world.socket(2);
  next.greet();
  for (let attempt = 0; attempt < 4; attempt++) {
    assert.equal(client.state, "reconnecting");
    next.refuse(next.request("session.resume"), -32004, { part: "nats" });
    await world.settle();
    await world.pass(400);
  }
  assert.deepEqual(next.methods(), Array(4).fill("session.resume"));
  assert.equal(client.state, "connected");
  assert.deepEqual(errors, [-32004]);
  assert.equal(gaps.length, 1);
  await client.disconnect();
});

Deno.test("a connection that breaks while resuming is no gap: the next one asks again", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const { seen, gaps } = watch(client);
  event(socket, 7);
  socket.end(1006);
  await world.pass(250);
  const second = await world.socket(2);
  second.greet({ session_id: "ws_2" });
  event(second, 9);
  second.end(1006);
  await world.pass(500);
  const third = await world.socket(3);
  third.greet({ session_id: "ws_3" });
  assert.deepEqual(third.request("session.resume").params, { session_id: "ws_2", last_seq: 7 });
  third.resume({ resumed: true, replayed: 2 });
  event(third, 8);
  event(third, 9);
  assert.deepEqual(seen, [7, 8, 9]);
  assert.deepEqual(gaps, []);
  await client.disconnect();
});

Deno.test("disconnect() ends the session: the next connection is a fresh start", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const { seen } = watch(client);
  event(socket, 5);
  await client.disconnect();
  const connecting = client.connect();
  const next = await world.socket(2);
  next.greet();
  await connecting;
  await world.settle();
  assert.deepEqual(next.methods(), []);
  event(next, 1);
  assert.deepEqual(seen, [5, 1]);
  await client.disconnect();
});

Deno.test("another user's connection does not go on with the session before", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  event(socket, 5);
  socket.end(1006);
  await world.pass(250);
  const next = await world.socket(2);
  next.greet({ user_id: "you" });
  assert.equal(client.state, "connected");
  assert.deepEqual(next.methods(), []);
  await client.disconnect();
});

Deno.test("a server that has forgotten the player is told again what they said of themselves", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const status = client.call("player.updateStatus", { status: "busy" });
  socket.answer(socket.request("player.updateStatus"), { user_id: "me", version: 2 });
  const place = client.call("player.updateLocation", { location: "zone:a" });
  socket.answer(socket.request("player.updateLocation"), { user_id: "me", version: 3 });
  await Promise.all([status, place]);
  socket.end(1006);
  await world.settle();
  const waiting = client.call("player.updateStatus", { status: "away" });
  await world.pass(250);
  const next = await world.socket(2);
  next.greet();
  next.resume({ resumed: false, replayed: 0 });
  assert.deepEqual(next.sent.map(({ method, params }) => [method, params]), [
    ["session.resume", { session_id: "ws_1", last_seq: 0 }],
    ["player.updatePresence", { status: "busy", location: "zone:a" }],
    ["player.updateStatus", { status: "away" }],
  ]);
  next.refuse(next.request("player.updateStatus"), -32603);
  await assert.rejects(waiting, { code: -32603 });
  await client.disconnect();
});

Deno.test("a server that resumed the session is told nothing", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const status = client.call("player.updateStatus", { status: "busy" });
  socket.answer(socket.request("player.updateStatus"), { user_id: "me", version: 2 });
  await status;
  socket.end(1006);
  await world.pass(250);
  const next = await world.socket(2);
  next.greet();
  next.resume();
  assert.deepEqual(next.methods(), ["session.resume"]);
  await client.disconnect();
});

function event(socket: ScriptedSocket, seq: number): void {
  socket.tell(seq % 2 === 0 ? "player.event" : "system.announcement", { seq });
}

function watch(client: WaygateClient): { seen: number[]; gaps: Gap[] } {
  const seen: number[] = [];
  const gaps: Gap[] = [];
  client.on("player.event", ({ seq }) => seen.push(seq));
  client.on("system.announcement", ({ seq }) => seen.push(seq));
  client.on("gap", (gap) => gaps.push(gap));
  return { seen, gaps };
}
