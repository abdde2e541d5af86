/** What becomes of a presence view when the server refuses what it is to show, or is not asked in full. */
import assert from "node:assert/strict";
import type { WaygateClient } from "../../src/client/client.ts";
import { scripted, type World } from "./support/scripted.ts";
import { presenceOf, type ScriptedSocket, type SentMessage } from "./support/scripted_socket.ts";

for (const code of [-32602, -32002]) {
  Deno.test(`a subscription refused (${code}) after a reconnect is told once, and rests`, async () => {
    const { world, client, socket, told } = await watching();
    const next = await reconnected(world, client, socket);
    next.refuse(next.request("presence.subscribe"), code);
    await world.pass(600_000);
    assert.deepEqual(next.methods(), ["session.resume", "presence.subscribe"]);
    assert.deepEqual(told, [`error ${code}`, `refusal ${code}`]);
    assert.equal(client.presence.synced, false);
    assert.equal(client.presence.refusal?.code, code);
    // What was last known stays.
    assert.deepEqual(online(client), ["a"]);
    const last = await reconnected(world, client, next, "ws_3");
    assert.deepEqual(last.request("presence.subscribe").params, { locations: ["zone:a"] });
    snapshot(last, []);
    await world.settle();
    assert.equal(client.presence.synced, true);
    assert.deepEqual(online(client), []);
    assert.deepEqual(told.slice(2), ["refusal undefined"]);
    await client.disconnect();
    assert.equal(world.timers, 0);
  });
}

Deno.test("what was refused after a reconnect is asked for again with the next subscribe()", async () => {
  const { world, client, socket, told } = await watching();
  const next = await reconnected(world, client, socket);
  next.refuse(next.request("presence.subscribe"), -32602);
  await world.settle();
  const subscribing = client.presence.subscribe({ users: ["b"] });
  snapshot(next, [presenceOf("b", 5, { location: null })]);
  assert.deepEqual((await subscribing).map(({ user_id }) => user_id), ["b"]);
  const again = { users: ["b"], locations: ["zone:a"] };
  assert.deepEqual(next.request("presence.subscribe").params, again);
  next.refuse(next.request("presence.subscribe"), -32602);
  await world.pass(60_000);
  assert.equal(next.sent.length, 4);
  assert.deepEqual(online(client), ["a", "b"]);
  const errors = told.filter((one) => one.startsWith("error"));
  assert.deepEqual(errors, ["error -32602", "error -32602"]);
  await client.disconnect();
});

Deno.test("what is left when the game unsubscribes from what was refused is whole again", async () => {
  const { world, client, socket, told } = await watching();
  const subscribing = client.presence.subscribe({ users: ["b"] });
  snapshot(socket, [presenceOf("b", 5, { location: null })]);
  await subscribing;
  const next = await reconnected(world, client, socket);
  next.refuse(next.request("presence.subscribe"), -32602);
  await world.settle();
  const ending = client.presence.unsubscribe({ locations: ["zone:a"] });
  next.answer(next.request("presence.unsubscribe"), {});
  assert.deepEqual(next.request("presence.subscribe").params, { users: ["b"] });
  snapshot(next, [presenceOf("b", 6, { location: null })]);
  await ending;
  await world.settle();
  assert.equal(client.presence.synced, true);
  assert.equal(client.presence.refusal, null);
  assert.deepEqual(told, ["error -32602", "refusal -32602", "refusal undefined"]);
  await client.disconnect();
});

Deno.test("a part that is refused after a reconnect does not keep the rest from being shown", async () => {
  const { world, client, next, first, second } = await askedInTwo();
  snapshotFor(next, first, 2);
  next.refuse(second, -32602);
  await world.settle();
  assert.equal(client.presence.get("u0")?.version, 2);
  assert.equal(client.presence.get("u149")?.version, 1);
  assert.equal(client.presence.synced, false);
  await client.disconnect();
});

Deno.test("a part that may pass is asked for again, whatever else was refused", async () => {
  const { world, client, next, first, second } = await askedInTwo();
  next.refuse(first, -32602);
  next.refuse(second, -32004);
  await world.pass(250);
  assert.equal(client.presence.refusal, null);
  assert.equal(asked(next, "presence.subscribe").length, 4);
  await client.disconnect();
});

Deno.test("what is refused when nobody wants it any more is no refusal", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  socket.end(1006);
  await world.settle();
  const abort = new AbortController();
  const given = client.presence.subscribe({ locations: ["no such"] }, { signal: abort.signal });
  const kept = client.presence.subscribe({ users: ["a"] });
  await world.pass(250);
  const next = await world.socket(2);
  next.greet({ session_id: "ws_2" });
  next.resume();
  const both = next.request("presence.subscribe");
  abort.abort();
  await assert.rejects(given, { name: "AbortError" });
  next.refuse(both, -32602);
  await world.settle();
  for (const request of asked(next, "presence.subscribe").slice(1)) {
    snapshotFor(next, request, 1);
    await world.settle();
  }
  await world.settle();
  for (const request of asked(next, "presence.subscribe").slice(2)) snapshotFor(next, request, 1);
  await kept;
  await world.settle();
  assert.equal(client.presence.refusal, null);
  assert.equal(client.presence.synced, true);
  await client.disconnect();
});

Deno.test("who stops waiting is not subscribed on the server either", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const abort = new AbortController();
  const subscribing = client.presence.subscribe({ locations: ["x"] }, { signal: abort.signal });
  const kept = client.presence.subscribe({ locations: ["y"] });
  const both = client.presence.subscribe({ locations: ["x", "y"] }, { signal: abort.signal });
  abort.abort();
  await assert.rejects(subscribing, { name: "AbortError" });
  await assert.rejects(both, { name: "AbortError" });
  const ended = asked(socket, "presence.unsubscribe").map(({ params }) => params);
  assert.deepEqual(ended, [{ locations: ["x"] }]);
  for (const request of asked(socket, "presence.subscribe")) snapshotFor(socket, request, 1);
  await kept;
  await client.disconnect();
});

Deno.test("a subscription that is refused in part ends the rest of it", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const locations = Array.from({ length: 150 }, (_, index) => `zone:${index}`);
  const refused = assert.rejects(client.presence.subscribe({ locations }), { code: -32602 });
  const [first, second] = asked(socket, "presence.subscribe");
  assert.ok(first !== undefined && second !== undefined);
  snapshotFor(socket, first, 1);
  socket.refuse(second, -32602);
  await refused;
  const ended = asked(socket, "presence.unsubscribe").map(({ params }) => params);
  assert.deepEqual(ended, [{ locations: locations.slice(0, 100) }, {
    locations: locations.slice(100),
  }]);
  await client.disconnect();
});

Deno.test("everyone whom the server sends by itself stays when subscribe() is given up", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const abort = new AbortController();
  const subscribing = client.presence.subscribe({ all: true }, { signal: abort.signal });
  abort.abort();
  await assert.rejects(subscribing, { name: "AbortError" });
  assert.deepEqual(socket.methods(), ["presence.subscribe"]);
  await client.disconnect();
});

Deno.test("unsubscribe() that the connection breaks under has ended it", async () => {
  const { world, client, socket } = await watching();
  const ending = client.presence.unsubscribe({ locations: ["zone:a"] });
  socket.end(1006);
  await ending;
  await world.pass(250);
  const next = await world.socket(2);
  next.greet({ session_id: "ws_2" });
  next.resume();
  await world.settle();
  assert.deepEqual(next.methods(), ["session.resume"]);
  await client.disconnect();
});

/** A client that sees `a` in zone:a, and what it tells from then on. */
async function watching(): Promise<
  { world: World; client: WaygateClient; socket: ScriptedSocket; told: string[] }
> {
  const world = scripted();
  const { client, socket } = await world.connected();
  const subscribing = client.presence.subscribe({ locations: ["zone:a"] });
  snapshot(socket, [presenceOf("a", 5, { location: "zone:a" })]);
  await subscribing;
  const told: string[] = [];
  client.on("error", ({ code }) => told.push(`error ${code}`));
  let refusal = client.presence.refusal;
  client.presence.on("change", () => {
    if (client.presence.refusal === refusal) return;
    refusal = client.presence.refusal;
    told.push(`refusal ${refusal?.code}`);
  });
  return { world, client, socket, told };
}

/** A client that watches so many that it asks for them in two requests, both unanswered after a reconnect. */
async function askedInTwo() {
  const world = scripted();
  const { client, socket } = await world.connected();
  const users = Array.from({ length: 150 }, (_, index) => `u${index}`);
  const subscribing = client.presence.subscribe({ users });
  for (const request of asked(socket, "presence.subscribe")) snapshotFor(socket, request, 1);
  await subscribing;
  const next = await reconnected(world, client, socket);
  const [first, second] = asked(next, "presence.subscribe");
  assert.ok(first !== undefined && second !== undefined);
  return { world, client, next, first, second };
}

/** The connection breaks, and the next one goes on with the session. */
async function reconnected(
  world: World,
  client: WaygateClient,
  socket: ScriptedSocket,
  session_id = "ws_2",
): Promise<ScriptedSocket> {
  socket.end(1006);
  await world.settle();
  client.reconnectNow();
  const next = await world.socket();
  next.greet({ session_id });
  next.resume();
  await world.settle();
  return next;
}

function online(client: WaygateClient): string[] {
  return [...client.presence.users().keys()].sort();
}

function asked(socket: ScriptedSocket, method: string): SentMessage[] {
  return socket.sent.filter((message) => message.method === method);
}

function snapshot(socket: ScriptedSocket, presences: ReturnType<typeof presenceOf>[]): void {
  socket.answer(socket.request("presence.subscribe"), { presences });
}

function snapshotFor(socket: ScriptedSocket, request: SentMessage, version: number): void {
  const { users = [] } = request.params as { users?: string[] };
  socket.answer(request, { presences: users.map((id) => presenceOf(id, version)) });
}
