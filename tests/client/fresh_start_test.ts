/** disconnect(), then connect(): a fresh start that forgets neither too much nor too little. */
import assert from "node:assert/strict";
import type { WaygateClient } from "../../src/client/client.ts";
import { scripted, type World } from "./support/scripted.ts";
import type { ScriptedSocket } from "./support/scripted_socket.ts";

Deno.test("after a fresh start and a break, what was delivered before does not come again", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const seen = watch(client);
  for (const seq of [40, 50]) event(socket, seq);
  const fresh = await freshStart(world, client);
  const next = await broken(world, fresh);
  assert.deepEqual(next.request("session.resume").params, { session_id: "ws_2", last_seq: 50 });
  next.resume({ resumed: true, replayed: 2 });
  for (const seq of [50, 60]) event(next, seq);
  assert.deepEqual(seen, [40, 50, 60]);
  await client.disconnect();
});

Deno.test("a fresh start takes numbers that have started anew, and goes on from them", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const seen = watch(client);
  event(socket, 50);
  const fresh = await freshStart(world, client);
  for (const seq of [1, 2, 2]) event(fresh, seq);
  const next = await broken(world, fresh);
  assert.deepEqual(next.request("session.resume").params, { session_id: "ws_2", last_seq: 2 });
  next.resume({ resumed: true, replayed: 1 });
  event(next, 3);
  assert.deepEqual(seen, [50, 1, 2, 3]);
  await client.disconnect();
});

Deno.test("another user who signs in inherits no numbers", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const seen = watch(client);
  event(socket, 50);
  const fresh = await freshStart(world, client, "you");
  const next = await broken(world, fresh, "you");
  assert.deepEqual(next.request("session.resume").params, { session_id: "ws_2", last_seq: 0 });
  next.resume({ resumed: true, replayed: 1 });
  event(next, 7);
  assert.deepEqual(seen, [50, 7]);
  await client.disconnect();
});

function event(socket: ScriptedSocket, seq: number): void {
  socket.tell("player.event", { seq });
}

function watch(client: WaygateClient): number[] {
  const seen: number[] = [];
  client.on("player.event", ({ seq }) => seen.push(seq));
  return seen;
}

async function freshStart(
  world: World,
  client: WaygateClient,
  user_id = "me",
): Promise<ScriptedSocket> {
  await client.disconnect();
  const connecting = client.connect();
  const socket = await world.socket(2);
  socket.greet({ session_id: "ws_2", user_id });
  await connecting;
  return socket;
}

async function broken(
  world: World,
  socket: ScriptedSocket,
  user_id = "me",
): Promise<ScriptedSocket> {
  socket.end(1006);
  await world.pass(250);
  const next = await world.socket(3);
  next.greet({ session_id: "ws_3", user_id });
  return next;
}
