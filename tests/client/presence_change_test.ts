/** What the `change` event of a presence view says, and when. */
import assert from "node:assert/strict";
import type { PresenceChange, WaygateClient } from "../../src/client/client.ts";
import { scripted } from "./support/scripted.ts";
import { presenceOf, type ScriptedSocket } from "./support/scripted_socket.ts";

Deno.test("each turn of `synced` is a change", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const turns: boolean[] = [];
  let synced = client.presence.synced;
  client.presence.on("change", () => {
    if (client.presence.synced !== synced) turns.push(synced = client.presence.synced);
  });
  const first = client.presence.subscribe({ users: ["ann"] });
  snapshot(socket, presenceOf("ann", 2));
  await first;
  assert.deepEqual(turns, [true]);
  const second = client.presence.subscribe({ users: ["bob"] });
  assert.deepEqual(turns, [true, false]);
  snapshot(socket);
  await second;
  assert.deepEqual(turns, [true, false, true]);
  socket.end(1006);
  await world.settle();
  assert.deepEqual(turns, [true, false, true, false]);
  await client.disconnect();
});

Deno.test("a user is either changed or removed, as they are at the end", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const subscribing = client.presence.subscribe();
  snapshot(socket);
  await subscribing;
  const changes = watch(client);
  const offline = { status: "offline" } as const;
  update(socket, presenceOf("a", 5), presenceOf("b", 5));
  update(socket, presenceOf("a", 6), presenceOf("a", 7, offline), presenceOf("c", 1));
  update(socket, presenceOf("b", 6, offline), presenceOf("b", 7));
  update(socket, presenceOf("d", 1), presenceOf("d", 2, offline));
  assert.deepEqual(changes, [[["a 5", "b 5"], []], [["c 1"], ["a"]], [["b 7"], []]]);
  await client.disconnect();
});

Deno.test("subscribe() that is refused leaves what the gateway sends by itself in the view", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  update(socket, presenceOf("a", 1));
  const refused = client.presence.subscribe({ locations: ["not a place"] });
  socket.refuse(socket.request("presence.subscribe"), -32602);
  await assert.rejects(refused, { code: -32602 });
  update(socket, presenceOf("b", 1));
  assert.deepEqual([...client.presence.users().keys()], ["me", "a", "b"]);
  const subscribing = client.presence.subscribe({ users: ["b"] });
  snapshot(socket, presenceOf("b", 1));
  await subscribing;
  assert.deepEqual([...client.presence.users().keys()], ["b"]);
  await client.disconnect();
});

Deno.test("users asked for by id are kept, however many of them are offline", async () => {
  const world = scripted();
  const client = world.client();
  const users = Array.from({ length: 1_500 }, (_, index) => `u${index}`);
  const subscribing = client.presence.subscribe({ users });
  client.connect().catch(() => {});
  const socket = await world.socket(1);
  socket.greet();
  for (const request of [...socket.sent]) {
    const { users } = request.params as { users: string[] };
    const presences = users.map((id) => presenceOf(id, 1, { status: "offline" }));
    socket.answer(request, { presences });
  }
  assert.equal((await subscribing).length, 1_500);
  assert.equal(client.presence.get("u0")?.status, "offline");
  const ending = client.presence.unsubscribe({ users });
  for (const request of socket.sent.filter(({ method }) => method === "presence.unsubscribe")) {
    socket.answer(request, {});
  }
  await ending;
  assert.equal(client.presence.get("u0"), undefined);
  assert.equal(client.presence.get("u1499")?.status, "offline");
  await client.disconnect();
});

function snapshot(socket: ScriptedSocket, ...presences: ReturnType<typeof presenceOf>[]): void {
  socket.answer(socket.request("presence.subscribe"), { presences });
}

function update(socket: ScriptedSocket, ...presences: ReturnType<typeof presenceOf>[]): void {
  socket.tell("presence.updated", { presences });
}

function watch(client: WaygateClient): [changed: string[], removed: string[]][] {
  const seen: [string[], string[]][] = [];
  client.presence.on("change", ({ changed, removed }: PresenceChange) => {
    seen.push([changed.map(({ user_id, version }) => `${user_id} ${version}`), [...removed]]);
  });
  return seen;
}
