import assert from "node:assert/strict";
import type { WaygateClient } from "../../src/client/client.ts";
import { scripted, type World } from "./support/scripted.ts";
import { presenceOf, type ScriptedSocket } from "./support/scripted_socket.ts";

Deno.test("subscribe() fills the view with a snapshot, and updates keep it right", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const changes: [string[], string[]][] = [];
  client.presence.on("change", ({ changed, removed }) => {
    changes.push([changed.map(({ user_id }) => user_id), [...removed]]);
  });
  assert.equal(client.presence.synced, false);
  const subscribing = client.presence.subscribe();
  assert.deepEqual(socket.request("presence.subscribe").params, { all: true });
  snapshot(socket, [presenceOf("a", 5), presenceOf("b", 5)]);
  assert.deepEqual((await subscribing).map(({ user_id }) => user_id), ["a", "b"]);
  assert.equal(client.presence.synced, true);
  assert.deepEqual(online(client), ["a", "b", "me"]);
  update(socket, presenceOf("c", 1), presenceOf("a", 6, { status: "away" }));
  update(socket, presenceOf("b", 6, { status: "offline", sessions: 0 }));
  assert.deepEqual(online(client), ["a", "c", "me"]);
  assert.equal(client.presence.get("a")?.status, "away");
  assert.equal(client.presence.get("b")?.status, "offline");
  assert.equal(client.presence.get("z"), undefined);
  assert.deepEqual(changes, [[["a", "b"], []], [[], []], [["c", "a"], []], [[], ["b"]]]);
  await client.disconnect();
});

Deno.test("the newest version of a user wins, in whatever order they come", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const subscribing = client.presence.subscribe();
  update(socket, presenceOf("a", 7, { status: "busy" }), presenceOf("b", 9, { status: "offline" }));
  snapshot(socket, [presenceOf("a", 6), presenceOf("b", 8)]);
  await subscribing;
  assert.equal(client.presence.users().get("a")?.status, "busy");
  update(socket, presenceOf("b", 9), presenceOf("a", 7, { status: "away" }));
  assert.deepEqual(online(client), ["a", "me"]);
  assert.equal(client.presence.get("a")?.status, "busy");
  update(socket, presenceOf("b", 10));
  assert.deepEqual(online(client), ["a", "b", "me"]);
  await client.disconnect();
});

Deno.test("the player's own presence is there, and follows their own calls", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  assert.equal(client.presence.get("me")?.status, "online");
  const calling = client.call("player.updateStatus", { status: "busy" });
  socket.answer(
    socket.request("player.updateStatus"),
    presenceOf("me", 2, { status: "busy" }),
  );
  await calling;
  assert.equal(client.presence.get("me")?.status, "busy");
  await client.disconnect();
});

Deno.test("after a reconnect the view is right again by itself", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const subscribing = client.presence.subscribe();
  snapshot(socket, [presenceOf("a", 5), presenceOf("b", 5), presenceOf("c", 5)]);
  await subscribing;
  const next = await reconnected(world, client, socket);
  assert.equal(client.presence.synced, false);
  // Until the snapshot is there, the view shows what was last known.
  assert.deepEqual(online(client), ["a", "b", "c", "me"]);
  assert.deepEqual(next.request("presence.subscribe").params, { all: true });
  update(next, presenceOf("d", 1), presenceOf("c", 8, { status: "offline" }));
  snapshot(next, [presenceOf("a", 6, { status: "away" }), presenceOf("c", 7)]);
  await world.settle();
  assert.equal(client.presence.synced, true);
  assert.deepEqual(online(client), ["a", "d", "me"]);
  assert.equal(client.presence.get("a")?.status, "away");
  await client.disconnect();
});

Deno.test("a snapshot that fails after a reconnect is asked for again", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const subscribing = client.presence.subscribe();
  snapshot(socket, [presenceOf("a", 5)]);
  await subscribing;
  const errors: unknown[] = [];
  client.on("error", ({ code }) => errors.push(code));
  const next = await reconnected(world, client, socket);
  next.refuse(next.request("presence.subscribe"), -32004, { part: "redis" });
  await world.pass(250);
  assert.deepEqual(errors, [-32004]);
  snapshot(next, []);
  await world.settle();
  assert.deepEqual(online(client), ["me"]);
  await client.disconnect();
});

Deno.test("a view of a location shows who is there, and drops who leaves", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const subscribing = client.presence.subscribe({ locations: ["zone:a"] });
  snapshot(socket, [presenceOf("a", 5, { location: "zone:a" })]);
  await subscribing;
  update(socket, presenceOf("b", 5, { location: "zone:b" }));
  assert.deepEqual(online(client), ["a"]);
  update(socket, presenceOf("a", 6, { location: "zone:b" }));
  update(socket, presenceOf("b", 6, { location: "zone:a" }));
  assert.deepEqual(online(client), ["b"]);
  await client.disconnect();
});

Deno.test("who left the view unnoticed is not shown again by a later subscription", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const first = client.presence.subscribe({ locations: ["zone:a"] });
  snapshot(socket, [presenceOf("a", 5, { location: "zone:a" })]);
  await first;
  update(socket, presenceOf("a", 6, { location: "zone:b" }));
  const second = client.presence.subscribe({ locations: ["zone:b"] });
  snapshot(socket, []);
  await second;
  assert.deepEqual(online(client), []);
  const third = client.presence.subscribe({ users: ["a"] });
  snapshot(socket, [presenceOf("a", 6, { location: "zone:b" })]);
  await third;
  assert.deepEqual(online(client), ["a"]);
  await client.disconnect();
});

Deno.test("subscriptions are counted", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  for (let times = 0; times < 2; times++) {
    const subscribing = client.presence.subscribe({ users: ["a"], locations: ["zone:a"] });
    snapshot(socket, [presenceOf("a", 5)]);
    await subscribing;
  }
  await client.presence.unsubscribe({ users: ["a"] });
  assert.deepEqual(socket.methods(), ["presence.subscribe", "presence.subscribe"]);
  assert.deepEqual(online(client), ["a"]);
  const ending = client.presence.unsubscribe({ users: ["a"], locations: ["zone:a"] });
  assert.deepEqual(socket.request("presence.unsubscribe").params, { users: ["a"] });
  assert.deepEqual(online(client), []);
  socket.answer(socket.request("presence.unsubscribe"), {});
  await ending;
  const next = await reconnected(world, client, socket);
  assert.deepEqual(next.request("presence.subscribe").params, { locations: ["zone:a"] });
  await client.disconnect();
});

Deno.test("a subscription of many is made in requests that the server takes", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const users = Array.from({ length: 250 }, (_, index) => `u${index}`);
  const subscribing = client.presence.subscribe({ users, locations: ["zone:a"] });
  const sizes = socket.sent.map(({ params }) => (params as { users: string[] }).users.length);
  assert.deepEqual(sizes, [100, 100, 50]);
  for (const request of socket.sent) socket.answer(request, { presences: [] });
  assert.deepEqual(await subscribing, []);
  await client.disconnect();
});

Deno.test("who refused everyone refuses them again after a reconnect", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  update(socket, presenceOf("a", 1));
  assert.deepEqual(online(client), ["a", "me"]);
  const ending = client.presence.unsubscribe();
  socket.answer(socket.request("presence.unsubscribe"), {});
  await ending;
  assert.deepEqual(online(client), []);
  const next = await reconnected(world, client, socket);
  assert.deepEqual(next.request("presence.unsubscribe").params, { all: true });
  await client.disconnect();
});

Deno.test("without a subscription the view shows what came on this connection", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  update(socket, presenceOf("a", 1));
  assert.deepEqual(online(client), ["a", "me"]);
  await reconnected(world, client, socket);
  await world.settle();
  assert.deepEqual(online(client), ["me"]);
  assert.equal(client.presence.synced, false);
  await client.disconnect();
});

Deno.test("subscribe() waits for a connection", async () => {
  const world = scripted();
  const client = world.client();
  const subscribing = client.presence.subscribe({ users: ["a", "b"] });
  await world.pass(60_000);
  client.connect().catch(() => {});
  const socket = await world.socket(1);
  socket.greet();
  const offline = presenceOf("b", 0, { status: "offline", last_seen: null });
  snapshot(socket, [presenceOf("a", 5), offline]);
  assert.deepEqual((await subscribing).map(({ user_id }) => user_id), ["a", "b"]);
  await client.disconnect();
});

Deno.test("subscribe() that the connection breaks under is answered by the next", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const subscribing = client.presence.subscribe({ locations: ["lobby"] });
  const next = await reconnected(world, client, socket);
  snapshot(next, [presenceOf("a", 5)]);
  assert.deepEqual((await subscribing).map(({ user_id }) => user_id), ["a"]);
  await client.disconnect();
});

Deno.test("subscribe() that is refused or aborted subscribes nothing", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const refused = client.presence.subscribe({ locations: ["no such"] });
  socket.refuse(socket.request("presence.subscribe"), -32602);
  await assert.rejects(refused, { code: -32602 });
  socket.end(1006);
  await world.settle();
  const abort = new AbortController();
  const aborted = client.presence.subscribe({ all: true }, { signal: abort.signal });
  await world.settle();
  abort.abort();
  await assert.rejects(aborted, { name: "AbortError" });
  await world.pass(250);
  const next = await world.socket(2);
  next.greet();
  next.resume();
  await world.settle();
  assert.deepEqual(next.methods(), ["session.resume"]);
  await client.disconnect();
});

Deno.test("another user's connection starts with an empty view", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  update(socket, presenceOf("a", 1));
  socket.end(1006);
  await world.pass(250);
  const next = await world.socket(2);
  next.greet({ user_id: "you", presence: presenceOf("you", 1) });
  assert.deepEqual(online(client), ["you"]);
  await client.disconnect();
});

Deno.test("what is kept of users who went offline is bounded", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  for (let user = 0; user < 1_500; user++) {
    update(socket, presenceOf(`u${user}`, 1, { status: "offline" }));
  }
  assert.equal(client.presence.get("u0"), undefined);
  assert.equal(client.presence.get("u1499")?.status, "offline");
  await client.disconnect();
});

function online(client: WaygateClient): string[] {
  return [...client.presence.users().keys()].sort();
}

function update(socket: ScriptedSocket, ...presences: ReturnType<typeof presenceOf>[]): void {
  socket.tell("presence.updated", { presences });
}

function snapshot(socket: ScriptedSocket, presences: ReturnType<typeof presenceOf>[]): void {
  socket.answer(socket.request("presence.subscribe"), { presences });
}

/** The connection breaks, and the next one goes on with the session. */
async function reconnected(
  world: World,
  client: WaygateClient,
  socket: ScriptedSocket,
): Promise<ScriptedSocket> {
  socket.end(1006);
  await world.settle();
  client.reconnectNow();
  const next = await world.socket();
  next.greet();
  next.resume();
  await world.settle();
  return next;
}
