/** Listeners that end the connection, at the worst of times. */
import assert from "node:assert/strict";
import type { Methods, WaygateClient } from "../../src/client/client.ts";
import { scripted } from "./support/scripted.ts";

Deno.test("disconnect() in the connecting listener: no token is asked for, no timer is left", async () => {
  const world = scripted();
  let asked = 0;
  const client = world.client({ token: () => (asked++, new Promise(() => {})) });
  client.once("state", () => void client.disconnect());
  await assert.rejects(client.connect(), { code: "closed" });
  await world.settle();
  assert.equal(asked, 0);
  assert.deepEqual([world.timers, world.wakers], [0, 0]);
});

Deno.test("disconnect() in a system.welcome listener: the connection never counts as made", async () => {
  const world = scripted();
  const client = world.client();
  client.once("system.welcome", () => void client.disconnect());
  const rejected = assert.rejects(client.connect(), { code: "closed" });
  (await world.socket(1)).greet();
  await rejected;
  await world.settle();
  assert.equal(client.welcome, null);
  assert.deepEqual([world.timers, world.wakers], [0, 0]);
  const connecting = client.connect();
  const next = await world.socket(2);
  next.greet({ session_id: "ws_2" });
  await connecting;
  assert.deepEqual(next.methods(), []);
  await client.disconnect();
});

Deno.test("disconnect() while what waited goes out: the rest fails, and is not sent later", async () => {
  type GameMethods = Record<"game.a" | "game.b" | "game.c", { params: object; result: object }>;
  const world = scripted();
  const client = world.client();
  const game = client as unknown as WaygateClient<Methods & GameMethods>;
  const errors: unknown[] = [];
  client.on("error", ({ code }) => errors.push(code));
  const connecting = assert.rejects(client.connect(), { code: "closed" });
  const stop = client.on("message", ({ direction }) => {
    if (direction === "in") return;
    stop();
    client.disconnect();
  });
  const sent = assert.rejects(game.call("game.a", {}), { code: "outcome_unknown" });
  const rest = assert.rejects(game.call("game.b", {}), { code: "closed" });
  game.notify("game.c", {});
  const socket = await world.socket(1);
  socket.greet();
  await Promise.all([connecting, sent, rest]);
  assert.deepEqual(socket.methods(), ["game.a"]);
  assert.deepEqual(errors, ["closed"]);
  const again = client.connect();
  const next = await world.socket(2);
  next.greet();
  await again;
  assert.deepEqual(next.methods(), []);
  await client.disconnect();
});

for (const event of ["gap", "player.event"] as const) {
  Deno.test(`disconnect() in a ${event} listener: what was held is not delivered`, async () => {
    const world = scripted();
    const { client, socket } = await world.connected();
    const seen: number[] = [];
    client.on("player.event", ({ seq }) => seen.push(seq));
    socket.end(1006);
    await world.pass(250);
    const next = await world.socket(2);
    next.greet({ session_id: "ws_2" });
    for (const seq of [1, 2, 3]) next.tell("player.event", { seq });
    client.once(event, () => void client.disconnect());
    next.resume({ resumed: false, replayed: 0 });
    assert.deepEqual(seen, event === "gap" ? [] : [1]);
    assert.equal(client.state, "closed");
  });
}
