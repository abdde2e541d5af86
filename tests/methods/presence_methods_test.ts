import { strict as assert } from "node:assert";
import type { PresenceListResult, PresencesResult } from "../../src/protocol/methods.ts";
import type { Presence } from "../../src/protocol/presence.ts";
import { type LocalGateway, serveGateway } from "../gateway/local_gateway.ts";
import type { GameClient } from "../support/game_client.ts";
import { until } from "../support/wait.ts";
import { refusalOf, wrongPaths } from "./refusals.ts";

const QUIET = { PRESENCE_AUTO_SUBSCRIBE: "none", RATE_LIMIT_MESSAGES: "0" };
const STRANGE = ["users", "a.b", "*", ">", "a b", "😀", "__proto__", "constructor", "a%b", "ws_1"];

async function players(local: LocalGateway, userIds: readonly string[]): Promise<GameClient[]> {
  return await Promise.all(userIds.map((userId) => local.player(userId)));
}

async function closeAll(clients: readonly GameClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.close()));
}

function updatesOf(client: GameClient, userId: string): Presence[] {
  return client.all("presence.updated").flatMap(({ presences }) => presences)
    .filter((presence) => presence.user_id === userId);
}

Deno.test("presence.get answers in the order asked, strangers and repeated ones too", async () => {
  await using local = await serveGateway({ env: QUIET });
  await using bob = await local.player("bob", { name: "Bob" });
  await using ann = await local.player("ann");
  await ann.close();
  const user_ids = ["nobody", "bob", "ann", "bob"];
  const ask = () => bob.call<PresencesResult>("presence.get", { user_ids });
  const { presences } = await until(async () => {
    const answer = await ask();
    return answer.presences[2]?.status === "offline" && answer;
  }, { what: "ann to be gone" });
  assert.deepEqual(presences.map(({ user_id }) => user_id), user_ids);
  assert.deepEqual(presences[0], {
    user_id: "nobody",
    status: "offline",
    location: null,
    last_seen: null,
    session_id: null,
    sessions: 0,
    region: null,
    version: 0,
  });
  assert.deepEqual([presences[1]?.status, presences[1]?.name], ["online", "Bob"]);
  assert.deepEqual([presences[2]?.sessions, presences[2]?.session_id], [0, null]);
  assert.match(presences[2]?.last_seen ?? "", /Z$/);
  assert.deepEqual(presences[3], presences[1]);
});

Deno.test("any user id works everywhere", async () => {
  await using local = await serveGateway({ env: QUIET });
  await using watcher = await local.player("watcher");
  await watcher.call("presence.subscribe", { users: STRANGE });
  const clients = await players(local, STRANGE);
  for (const client of clients) await client.call("player.updateStatus", { status: "busy" });
  const { presences } = await watcher.call<PresencesResult>("presence.get", { user_ids: STRANGE });
  assert.deepEqual(presences.map(({ user_id, status }) => [user_id, status]), [
    ...STRANGE.map((userId) => [userId, "busy"]),
  ]);
  for (const userId of STRANGE) {
    await until(() => updatesOf(watcher, userId).at(-1)?.status === "busy", { what: userId });
    await watcher.call("player.sendEvent", { to: { user_id: userId }, type: "hello" });
  }
  for (const client of clients) assert.equal((await client.next("player.event")).type, "hello");
  const { total } = await watcher.call<PresenceListResult>("presence.list", { limit: 500 });
  assert.equal(total, STRANGE.length + 1);
  await closeAll(clients);
});

Deno.test("presence.list pages through everybody once, and counts them on every page", async () => {
  await using local = await serveGateway({ env: QUIET });
  const userIds = Array.from({ length: 23 }, (_, index) => `player${index}`);
  const clients = await players(local, userIds);
  const [client] = clients as [GameClient];
  for (const limit of [1, 5, 23, 500, undefined]) {
    const found: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page: PresenceListResult = await client.call("presence.list", {
        ...(limit === undefined ? {} : { limit }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      assert.ok(page.presences.length <= (limit ?? 100));
      assert.equal(page.total, 23);
      found.push(...page.presences.map(({ user_id }) => user_id));
      cursor = page.cursor;
    } while (cursor !== null);
    assert.deepEqual(found.toSorted(), userIds.toSorted(), `${limit} a page`);
  }
  await closeAll(clients);
});

Deno.test("presence.list by location has whoever is there", async () => {
  await using local = await serveGateway({ env: QUIET });
  const clients = await players(local, ["ann", "bob", "cid", "dan"]);
  const [ann, bob, cid] = clients as [GameClient, GameClient, GameClient];
  for (const client of [ann, bob, cid]) {
    await client.call("player.updateLocation", { location: "arena" });
  }
  await cid.call("player.updateLocation", { location: "arena.2" });
  const at = async (location: string) => {
    const { presences, cursor } = await ann.call<PresenceListResult>("presence.list", { location });
    assert.equal(cursor, null);
    return presences.map(({ user_id }) => user_id).toSorted();
  };
  assert.deepEqual(await at("arena"), ["ann", "bob"]);
  assert.deepEqual(await at("arena.2"), ["cid"]);
  assert.deepEqual(await at("nowhere"), []);
  await bob.close();
  await until(async () => (await at("arena")).length === 1, { what: "bob to be gone" });
  await closeAll(clients);
});

Deno.test("presence.subscribe gives a snapshot, then updates of just that", async () => {
  await using local = await serveGateway({ env: QUIET });
  await using ann = await local.player("ann");
  await using bob = await local.player("bob");
  await using cid = await local.player("cid");
  await using watcher = await local.player("watcher");
  await cid.call("player.updateLocation", { location: "arena" });
  const { presences } = await watcher.call<PresencesResult>("presence.subscribe", {
    users: ["ann", "nobody"],
    locations: ["arena"],
  });
  assert.deepEqual(
    presences.map(({ user_id, status }) => [user_id, status]).toSorted(),
    [["ann", "online"], ["cid", "online"], ["nobody", "offline"]],
  );
  await ann.call("player.updateStatus", { status: "away" });
  await bob.call("player.updateStatus", { status: "away" });
  await bob.call("player.updateLocation", { location: "arena" });
  await until(() => updatesOf(watcher, "bob").length > 0, { what: "bob's entering" });
  assert.deepEqual(updatesOf(watcher, "bob").at(-1)?.location, "arena");
  assert.equal(updatesOf(watcher, "ann").at(-1)?.status, "away");
  await bob.call("player.updateLocation", { location: "lobby" });
  await until(() => updatesOf(watcher, "bob").at(-1)?.location === "lobby", { what: "leaving" });

  await watcher.call("presence.unsubscribe", { users: ["ann"], locations: ["arena"] });
  const before = watcher.all("presence.updated").length;
  await ann.call("player.updateStatus", { status: "busy" });
  await cid.call("player.updateStatus", { status: "busy" });
  await bob.call("player.updateLocation", { location: "arena" });
  await watcher.call("presence.subscribe", { users: ["cid"] });
  await cid.call("player.updateStatus", { status: "online" });
  await until(() => updatesOf(watcher, "cid").at(-1)?.status === "online", { what: "cid" });
  const since = watcher.all("presence.updated").slice(before).flatMap(({ presences }) => presences);
  assert.ok(since.every(({ user_id }) => user_id === "cid"), JSON.stringify(since));
});

Deno.test("presence.subscribe to all shows everyone, and unsubscribing stops it", async () => {
  await using local = await serveGateway({ env: QUIET });
  await using ann = await local.player("ann");
  await using watcher = await local.player("watcher");
  const { presences } = await watcher.call<PresencesResult>("presence.subscribe", { all: true });
  assert.deepEqual(presences.map(({ user_id }) => user_id).toSorted(), ["ann", "watcher"]);
  await ann.call("player.updateStatus", { status: "away" });
  await until(() => updatesOf(watcher, "ann").at(-1)?.status === "away", { what: "the update" });
  await watcher.call("presence.unsubscribe", { all: true });
  await ann.call("player.updateStatus", { status: "busy" });
  await watcher.call("presence.subscribe", { users: ["watcher"] });
  await watcher.call("player.updateStatus", { status: "busy" });
  await until(() => updatesOf(watcher, "watcher").length > 0, { what: "the watcher's own" });
  assert.equal(updatesOf(watcher, "ann").at(-1)?.status, "away");
});

Deno.test("PRESENCE_AUTO_SUBSCRIBE=all shows everyone without asking, none nobody", async () => {
  for (const mode of ["all", "none"]) {
    await using local = await serveGateway({ env: { PRESENCE_AUTO_SUBSCRIBE: mode } });
    await using watcher = await local.player("watcher");
    await using ann = await local.player("ann");
    await ann.call("player.updateStatus", { status: "away" });
    if (mode === "all") {
      await until(() => updatesOf(watcher, "ann").at(-1)?.status === "away", { what: "ann" });
    } else {
      await watcher.call("presence.subscribe", { users: ["watcher"] });
      await watcher.call("player.updateStatus", { status: "busy" });
      await until(() => updatesOf(watcher, "watcher").length > 0, { what: "the watcher's own" });
      assert.deepEqual(updatesOf(watcher, "ann"), []);
    }
  }
});

Deno.test("changes are gathered: one message a flush, each user's newest alone", async () => {
  const env = { PRESENCE_FLUSH_MS: "300", RATE_LIMIT_MESSAGES: "0" };
  await using local = await serveGateway({ env });
  const userIds = Array.from({ length: 10 }, (_, index) => `player${index}`);
  const clients = await players(local, userIds);
  await using watcher = await local.player("watcher");
  await watcher.next("presence.updated");
  const before = watcher.all("presence.updated").length;
  const startedAt = performance.now();
  for (let round = 0; round < 5; round++) {
    const statuses = ["away", "busy", "online", "away", "busy"];
    await Promise.all(
      clients.map((client) => client.call("player.updateStatus", { status: statuses[round] })),
    );
  }
  await until(
    () => userIds.every((userId) => updatesOf(watcher, userId).at(-1)?.status === "busy"),
    { what: "the newest of all" },
  );
  const flushes = Math.ceil((performance.now() - startedAt) / 300) + 1;
  const updates = watcher.all("presence.updated").slice(before);
  assert.ok(updates.length <= flushes, `${updates.length} messages in ${flushes} flushes`);
  for (const { presences } of updates) {
    assert.equal(new Set(presences.map(({ user_id }) => user_id)).size, presences.length);
  }
  for (const userId of userIds) {
    const versions = updatesOf(watcher, userId).map(({ version }) => version);
    assert.deepEqual(versions, versions.toSorted((a, b) => a - b));
    assert.equal(new Set(versions).size, versions.length, "none twice");
  }
  await closeAll(clients);
});

Deno.test("a user with several sessions shows the newest update among the living", async () => {
  await using local = await serveGateway({ env: { PRESENCE_FLUSH_MS: "1" } });
  await using watcher = await local.player("watcher");
  const shown = async () => {
    const { presences } = await watcher.call<PresencesResult>("presence.get", {
      user_ids: ["ann"],
    });
    const [presence] = presences;
    return [presence?.status, presence?.sessions, presence?.session_id];
  };
  const first = await local.player("ann");
  const second = await local.player("ann");
  const third = await local.player("ann");
  assert.equal(third.welcome.presence.sessions, 3);
  await second.call("player.updateStatus", { status: "away" });
  await first.call("player.updateStatus", { status: "busy" });
  assert.deepEqual(await shown(), ["busy", 3, first.sessionId]);
  await first.close();
  await until(async () => (await shown())[1] === 2, { what: "two left" });
  assert.deepEqual(await shown(), ["away", 2, second.sessionId]);
  await second.close();
  await until(async () => (await shown())[1] === 1, { what: "one left" });
  assert.deepEqual(await shown(), ["online", 1, third.sessionId]);
  await third.close();
  await until(async () => (await shown())[1] === 0, { what: "none left" });
  assert.deepEqual(await shown(), ["offline", 0, null]);
  const versions = updatesOf(watcher, "ann").map(({ version }) => version);
  assert.deepEqual(versions, versions.toSorted((a, b) => a - b));
});

Deno.test("presence methods refuse what the contract does not allow", async () => {
  await using local = await serveGateway({ env: QUIET });
  await using ann = await local.player("ann");
  const many = Array.from({ length: 101 }, (_, index) => `user${index}`);
  const wrong: [string, string, unknown][] = [
    ["presence.get", "user_ids", {}],
    ["presence.get", "user_ids", { user_ids: [] }],
    ["presence.get", "user_ids", { user_ids: many }],
    ["presence.get", "user_ids", { user_ids: "ann" }],
    ["presence.get", "user_ids.1", { user_ids: ["ann", ""] }],
    ["presence.list", "limit", { limit: 0 }],
    ["presence.list", "limit", { limit: 501 }],
    ["presence.list", "limit", { limit: 1.5 }],
    ["presence.list", "cursor", { cursor: "made up" }],
    ["presence.list", "cursor", { cursor: 5 }],
    ["presence.list", "location", { location: "a b" }],
    ["presence.list", "location", { location: null }],
    ["presence.subscribe", "users", { users: "ann" }],
    ["presence.subscribe", "locations.0", { locations: ["a b"] }],
    ["presence.unsubscribe", "all", { all: 1 }],
  ];
  for (const [method, path, params] of wrong) {
    assert.deepEqual(await wrongPaths(ann, method, params), [path], JSON.stringify(params));
  }
  const hundred = await ann.call<PresencesResult>("presence.get", { user_ids: many.slice(1) });
  assert.equal(hundred.presences.length, 100);
  assert.equal((await refusalOf(ann, "presence.nothing")).code, -32601);
});
