import assert from "node:assert/strict";
import type { Presence } from "../../src/protocol/presence.ts";
import { startBackends } from "../support/backends.ts";
import type { GameClient } from "../support/game_client.ts";
import { until } from "../support/wait.ts";
import { eventsOf, lastSeqOf, PATIENCE_MS, player, resume, startNodes } from "./nodes.ts";
import { sendEvent } from "./sender.ts";

const backends = await startBackends();

const LOST = { resumed: false, replayed: 0 };

function presenceOf(client: GameClient, userId: string): Promise<Presence | undefined> {
  return client.call<{ presences: Presence[] }>("presence.get", { user_ids: [userId] })
    .then(({ presences }) => presences[0]);
}

Deno.test("a paused reader that comes back too late is told so, and its fresh view is right", async () => {
  await using nodes = await startNodes(backends, {
    RESUME_WINDOW_MS: "300",
    HEARTBEAT_INTERVAL_MS: "500",
    PRESENCE_GRACE_MS: "100",
  });
  await using bob = await player(nodes.b, "bob");
  await bob.call("player.updateLocation", { location: "lobby" });
  const before = await player(nodes.a, "ann");
  await sendEvent(bob, { to: { user_id: "ann" }, type: "seen" });
  await before.next("player.event");
  before.socket.pause();
  await until(async () => (await presenceOf(bob, "ann"))?.status === "offline", {
    what: "the silent reader to be dropped",
    timeoutMs: PATIENCE_MS,
  });
  const endedAtMs = performance.now();
  await sendEvent(bob, { to: { user_id: "ann" }, type: "missed" });
  await bob.call("player.updatePresence", { status: "busy", location: "in-game" });
  await until(() => performance.now() - endedAtMs > 600, { what: "the window to pass" });

  await using after = await player(nodes.b, "ann");
  const { session_id: sessionId } = before.welcome;
  assert.deepEqual(await resume(after, sessionId, lastSeqOf(before)), LOST);
  const { presences } = await after.call<{ presences: Presence[] }>("presence.subscribe", {
    all: true,
  });
  const seen = presences.map(({ user_id, status, location }) => ({ user_id, status, location }));
  assert.deepEqual(seen.toSorted((x, y) => x.user_id < y.user_id ? -1 : 1), [
    { user_id: "ann", status: "online", location: null },
    { user_id: "bob", status: "busy", location: "in-game" },
  ]);
  await sendEvent(bob, { to: { user_id: "ann" }, type: "live" });
  await after.next("player.event", { where: ({ type }) => type === "live" });
  assert.deepEqual(eventsOf(after).map(({ type }) => type), ["live"]);
  before.socket.resume();
  before.abort();
  await before.closed;
});

Deno.test("the second to resume a session loses, on whichever node", async () => {
  await using nodes = await startNodes(backends);
  await using bob = await player(nodes.b, "bob");
  const before = await player(nodes.a, "ann");
  before.abort();
  await before.closed;
  await sendEvent(bob, { to: { user_id: "ann" }, type: "missed" });

  await using first = await player(nodes.b, "ann");
  await using second = await player(nodes.a, "ann");
  assert.deepEqual(await resume(first, before.sessionId, 0), { resumed: true, replayed: 1 });
  assert.deepEqual(await resume(second, before.sessionId, 0), LOST);
  assert.deepEqual(await resume(first, before.sessionId, 0), LOST);
  await sendEvent(bob, { to: { user_id: "ann" }, type: "live" });
  await first.next("player.event", { where: ({ type }) => type === "live" });
  await second.next("player.event", { where: ({ type }) => type === "live" });
  assert.deepEqual(eventsOf(first).map(({ type }) => type), ["missed", "live"]);
  assert.deepEqual(eventsOf(second).map(({ type }) => type), ["live"]);
});

Deno.test("many that resume one session at the same moment: one wins", async () => {
  await using nodes = await startNodes(backends, { MAX_SESSIONS_PER_USER: "20" });
  const before = await player(nodes.a, "ann");
  before.abort();
  await before.closed;
  const clients = await Promise.all(
    Array.from({ length: 8 }, (_, index) => player(index % 2 ? nodes.a : nodes.b, "ann")),
  );
  const results = await Promise.all(clients.map((client) => resume(client, before.sessionId, 0)));
  assert.equal(results.filter(({ resumed }) => resumed).length, 1);
  await Promise.all(clients.map((client) => client.close()));
});

Deno.test("a session of another user is resumed by nobody else, and goes on", async () => {
  await using nodes = await startNodes(backends);
  await using bob = await player(nodes.a, "bob");
  await sendEvent(bob, { to: { user_id: "bob" }, type: "private" });
  await bob.next("player.event");
  await using eve = await player(nodes.b, "eve");
  assert.deepEqual(await resume(eve, bob.sessionId, 0), LOST);
  await bob.call("system.ping");
  assert.equal((await presenceOf(eve, "bob"))?.session_id, bob.sessionId);
  assert.deepEqual(eventsOf(eve), []);
});

Deno.test("a client that moves on while its old socket lives gets nothing twice", async () => {
  await using nodes = await startNodes(backends);
  await using bob = await player(nodes.b, "bob");
  const before = await player(nodes.a, "ann");
  await before.call("system.ping");
  await using after = await player(nodes.b, "ann");
  // Both connections follow now; what the old one has read is known to the client.
  await sendEvent(bob, { to: { user_id: "ann" }, type: "read there" });
  await before.next("player.event");
  const { resumed, replayed } = await resume(after, before.sessionId, lastSeqOf(before));
  assert.deepEqual({ resumed, replayed }, { resumed: true, replayed: 0 });
  assert.deepEqual(await before.closed, { code: 1000, reason: "resumed elsewhere" });
  await sendEvent(bob, { to: { user_id: "ann" }, type: "read here" });
  await after.next("player.event", { where: ({ type }) => type === "read here" });
  assert.deepEqual(eventsOf(after).map(({ type }) => type), ["read here"]);
});

Deno.test("a resume that comes after live events is refused when they would come in between", async () => {
  await using nodes = await startNodes(backends);
  await using bob = await player(nodes.b, "bob");
  const before = await player(nodes.a, "ann");
  before.abort();
  await before.closed;
  await sendEvent(bob, { to: { user_id: "ann" }, type: "missed" });
  await using after = await player(nodes.a, "ann");
  await after.call("system.ping");
  await sendEvent(bob, { to: { user_id: "ann" }, type: "live" });
  await after.next("player.event");
  assert.deepEqual(await resume(after, before.sessionId, 0), LOST);
  assert.deepEqual(eventsOf(after).map(({ type }) => type), ["live"]);
});

Deno.test("a replay larger than the send queue arrives, and live events after it", async () => {
  await using nodes = await startNodes(backends, { SEND_QUEUE_BYTES: "65536" });
  await using bob = await player(nodes.b, "bob");
  const before = await player(nodes.a, "ann");
  before.abort();
  await before.closed;
  const payload = "x".repeat(20_000);
  for (let count = 0; count < 150; count++) {
    await sendEvent(bob, { to: { user_id: "ann" }, type: `${count}`, payload });
  }
  await using after = await player(nodes.b, "ann");
  const resuming = resume(after, before.sessionId, 0);
  await sendEvent(bob, { to: { user_id: "ann" }, type: "live" });
  assert.equal((await resuming).resumed, true);
  await after.next("player.event", {
    where: ({ type }) => type === "live",
    timeoutMs: PATIENCE_MS,
  });
  const expected = [...Array.from({ length: 150 }, (_, count) => `${count}`), "live"];
  assert.deepEqual(eventsOf(after).map(({ type }) => type), expected);
});
