/** What players say of themselves: it must outlive whatever becomes of their connections. */
import assert from "node:assert/strict";
import type { Methods, WaygateClient } from "../../src/client/client.ts";
import { type Connected, scripted, type World } from "./support/scripted.ts";
import { presenceOf, type ScriptedSocket } from "./support/scripted_socket.ts";

const SAID = { status: "busy", location: "zone:a" } as const;

Deno.test("what was said is said again where a resume before was lost", async () => {
  const world = scripted();
  const { client, socket } = await busy(world);
  const lost = await nextSocket(world, socket);
  lost.greet({ session_id: "ws_2" });
  // The connection breaks before the gateway has read what was sent on it.
  const next = await nextSocket(world, lost);
  next.greet({ session_id: "ws_3" });
  next.resume({ resumed: true, replayed: 0 });
  assert.deepEqual(next.request("player.updatePresence").params, SAID);
  next.answer(next.request("player.updatePresence"), presenceOf("me", 5, SAID));
  await world.settle();
  const last = await nextSocket(world, next);
  last.greet({ session_id: "ws_4" });
  last.resume({ resumed: true, replayed: 0 });
  assert.deepEqual(last.methods(), ["session.resume"]);
  await client.disconnect();
});

Deno.test("what was said again and lost with its connection is said once more", async () => {
  const world = scripted();
  const { client, socket } = await busy(world);
  const lost = await nextSocket(world, socket);
  lost.greet({ session_id: "ws_2" });
  lost.resume({ resumed: false, replayed: 0 });
  assert.deepEqual(lost.request("player.updatePresence").params, SAID);
  const next = await nextSocket(world, lost);
  next.greet({ session_id: "ws_3" });
  next.resume({ resumed: true, replayed: 0 });
  assert.deepEqual(next.request("player.updatePresence").params, SAID);
  await client.disconnect();
});

Deno.test("what a notification said is said again, unless the gateway does not take it", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  client.notify("player.updateStatus", { status: "busy" });
  const next = await nextSocket(world, socket);
  next.greet({ session_id: "ws_2" });
  next.resume({ resumed: false, replayed: 0 });
  assert.deepEqual(next.request("player.updatePresence").params, { status: "busy" });
  next.refuse(next.request("player.updatePresence"), -32602);
  await world.settle();
  const last = await nextSocket(world, next);
  last.greet({ session_id: "ws_3" });
  last.resume({ resumed: false, replayed: 0 });
  assert.deepEqual(last.methods(), ["session.resume"]);
  await client.disconnect();
});

Deno.test("a game's own method that sounds like one of these is not taken for it", async () => {
  type GameMethods = {
    "player.updateLoadout": { params: { slot: number }; result: { ok: boolean } | null };
  };
  const world = scripted();
  const { client, socket } = await world.connected();
  const game = client as unknown as WaygateClient<Methods & GameMethods>;
  const errors: unknown[] = [];
  client.on("error", (error) => errors.push(error));
  const calling = game.call("player.updateLoadout", { slot: 1 });
  socket.answer(socket.request("player.updateLoadout"), null);
  assert.equal(await calling, null);
  const other = game.call("player.updateLoadout", { slot: 1 });
  socket.answer(socket.request("player.updateLoadout"), { ok: true });
  assert.deepEqual(await other, { ok: true });
  assert.deepEqual([...client.presence.users().keys()], ["me"]);
  assert.deepEqual(errors, []);
  await client.disconnect();
});

Deno.test("a result of another shape resolves its call and is told", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const errors: unknown[] = [];
  client.on("error", ({ code }) => errors.push(code));
  const calling = client.call("player.updateStatus", { status: "busy" });
  socket.answer(socket.request("player.updateStatus"), null);
  assert.equal(await calling, null);
  assert.deepEqual(errors, ["bad_message"]);
  await client.disconnect();
});

/** A client whose player has said where they are. */
async function busy(world: World): Promise<Connected> {
  const { client, socket } = await world.connected();
  const saying = client.call("player.updatePresence", SAID);
  socket.answer(socket.request("player.updatePresence"), presenceOf("me", 2, SAID));
  await saying;
  return { client, socket };
}

/** The connection breaks, and there is another. */
async function nextSocket(world: World, socket: ScriptedSocket): Promise<ScriptedSocket> {
  const made = world.sockets.length;
  world.chance = () => 0;
  socket.end(1006);
  await world.pass(0);
  return await world.socket(made + 1);
}
