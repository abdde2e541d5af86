import { strict as assert } from "node:assert";
import type { Presence } from "../../src/protocol/presence.ts";
import { PresenceSchema } from "../../src/protocol/schemas.ts";
import { serveGateway } from "../gateway/local_gateway.ts";
import type { GameClient } from "../support/game_client.ts";
import { until } from "../support/wait.ts";
import { refusalOf, wrongPaths } from "./refusals.ts";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The newest presence of a user that a client was sent. */
function seen(client: GameClient, userId: string): Presence | undefined {
  return client.all("presence.updated").flatMap(({ presences }) => presences)
    .findLast((presence) => presence.user_id === userId);
}

Deno.test("player.updatePresence gives the presence that others see", async () => {
  await using local = await serveGateway({ env: { REGION: "eu" } });
  await using bob = await local.player("bob");
  await using ann = await local.player("ann", { name: "Ann" });
  const params = { status: "away", location: "zone:stormwind" };
  const presence = await ann.call<Presence>("player.updatePresence", params);
  const { version, last_seen, ...rest } = PresenceSchema.parse(presence);
  assert.deepEqual(rest, {
    user_id: "ann",
    name: "Ann",
    status: "away",
    location: "zone:stormwind",
    session_id: ann.sessionId,
    sessions: 1,
    region: "eu",
  });
  assert.match(last_seen ?? "", ISO);
  assert.ok(version > ann.welcome.presence.version);
  await until(() => seen(bob, "ann")?.version === version, { what: "the update" });
  assert.deepEqual(seen(bob, "ann"), presence);
});

Deno.test("player.updateStatus and player.updateLocation change one thing each", async () => {
  await using local = await serveGateway();
  await using ann = await local.player("ann");
  const first = await ann.call<Presence>("player.updateLocation", { location: "lobby" });
  assert.deepEqual([first.status, first.location], ["online", "lobby"]);
  const second = await ann.call<Presence>("player.updateStatus", { status: "busy" });
  assert.deepEqual([second.status, second.location], ["busy", "lobby"]);
  const third = await ann.call<Presence>("player.updateLocation", { location: null });
  assert.deepEqual([third.status, third.location], ["busy", null]);
  const fourth = await ann.call<Presence>("player.updatePresence", { status: "online" });
  assert.deepEqual([fourth.status, fourth.location], ["online", null]);
  const versions = [first, second, third, fourth].map(({ version }) => version);
  assert.ok(
    versions.every((version, index) => index === 0 || version > (versions[index - 1] ?? 0)),
  );
});

Deno.test("player methods refuse what the contract does not allow", async () => {
  await using local = await serveGateway({ env: { RATE_LIMIT_MESSAGES: "0" } });
  await using ann = await local.player("ann");
  const locations = ["", " ", "a b", "x".repeat(65), "ä", "a/b", "%", 5, ["lobby"], "a\n"];
  for (const location of locations) {
    assert.deepEqual(await wrongPaths(ann, "player.updateLocation", { location }), ["location"]);
    assert.deepEqual(await wrongPaths(ann, "player.updatePresence", { location }), ["location"]);
  }
  for (const status of ["offline", "ONLINE", "", null, 1]) {
    assert.deepEqual(await wrongPaths(ann, "player.updateStatus", { status }), ["status"]);
    assert.deepEqual(await wrongPaths(ann, "player.updatePresence", { status }), ["status"]);
  }
  assert.deepEqual(await wrongPaths(ann, "player.updatePresence", {}), [""]);
  assert.deepEqual(await wrongPaths(ann, "player.updatePresence", undefined), [""]);
  assert.deepEqual(await wrongPaths(ann, "player.updateStatus", {}), ["status"]);
  assert.deepEqual(await wrongPaths(ann, "player.updateLocation", {}), ["location"]);
  const { status, location } = ann.welcome.presence;
  const { presences } = await ann.call<{ presences: Presence[] }>("presence.get", {
    user_ids: ["ann"],
  });
  assert.deepEqual([presences[0]?.status, presences[0]?.location], [status, location]);
});

Deno.test("every character of a location is kept as it is", async () => {
  await using local = await serveGateway();
  await using ann = await local.player("ann");
  for (const location of ["AZaz09_:.-", "a.b.c", "x".repeat(64), "-", ".", "..", "__proto__"]) {
    const presence = await ann.call<Presence>("player.updateLocation", { location });
    assert.equal(presence.location, location);
    const page = await ann.call<{ presences: Presence[] }>("presence.list", { location });
    assert.deepEqual(page.presences.map(({ user_id }) => user_id), ["ann"]);
  }
});

Deno.test("player.sendEvent to a user reaches all of their sessions and nobody else", async () => {
  await using local = await serveGateway();
  await using ann = await local.player("ann");
  await using bob1 = await local.player("bob");
  await using bob2 = await local.player("bob");
  await using cid = await local.player("cid");
  const payload = { gold: 5, "__proto__": { x: 1 }, list: [null, true, "😀"] };
  const { event_id } = await ann.call<{ event_id: string }>("player.sendEvent", {
    to: { user_id: "bob" },
    type: "trade.offer",
    payload,
  });
  for (const bob of [bob1, bob2]) {
    const { seq, sent_at, ...event } = await bob.next("player.event");
    assert.ok(Number.isInteger(seq) && seq > 0);
    assert.match(sent_at, ISO);
    assert.deepEqual(event, {
      event_id,
      from: "ann",
      to: { user_id: "bob" },
      type: "trade.offer",
      payload,
    });
  }
  await ann.call("player.sendEvent", { to: { user_id: "bob" }, type: "empty" });
  assert.equal((await bob1.next("player.event")).payload, null);
  await cid.call("system.ping");
  assert.deepEqual(cid.all("player.event"), []);
  assert.deepEqual(ann.all("player.event"), []);
});

Deno.test("player.sendEvent to a location reaches whoever is there, as long as they are", async () => {
  await using local = await serveGateway();
  await using ann = await local.player("ann");
  await using bob = await local.player("bob");
  await using cid = await local.player("cid");
  const shout = (type: string) =>
    ann.call("player.sendEvent", { to: { location: "arena" }, type, payload: type });
  for (const client of [ann, bob]) {
    await client.call("player.updateLocation", { location: "arena" });
  }
  await shout("one");
  assert.equal((await bob.next("player.event")).type, "one");
  assert.deepEqual((await ann.next("player.event")).to, { location: "arena" });
  await bob.call("player.updateLocation", { location: "lobby" });
  await cid.call("player.updateLocation", { location: "arena" });
  await shout("two");
  assert.equal((await cid.next("player.event")).type, "two");
  await bob.call("system.ping");
  assert.deepEqual(bob.all("player.event").map(({ type }) => type), ["one"]);
});

Deno.test("player.sendEvent with the same idempotency key happens once", async () => {
  await using local = await serveGateway();
  await using ann = await local.player("ann");
  await using cid = await local.player("cid");
  await using bob = await local.player("bob");
  const event = { to: { user_id: "bob" }, type: "gift", idempotency_key: "k1" };
  const ids = [];
  for (const sender of [ann, ann, cid]) {
    ids.push((await sender.call<{ event_id: string }>("player.sendEvent", event)).event_id);
  }
  assert.equal(ids[0], ids[1]);
  assert.notEqual(ids[0], ids[2], "another sender's key is another key");
  await ann.call("player.sendEvent", { to: { user_id: "bob" }, type: "end" });
  await bob.next("player.event", { where: ({ type }) => type === "end" });
  assert.deepEqual(bob.all("player.event").map(({ type, from }) => [type, from]), [
    ["gift", "ann"],
    ["gift", "cid"],
    ["end", "ann"],
  ]);
});

Deno.test("player.sendEvent refuses what the contract does not allow", async () => {
  await using local = await serveGateway();
  await using ann = await local.player("ann");
  const good = { to: { user_id: "bob" }, type: "x" };
  const wrong: [string, Record<string, unknown>][] = [
    ["to", { type: "x" }],
    ["to", { ...good, to: {} }],
    ["to", { ...good, to: "bob" }],
    ["to", { ...good, to: { user_id: "bob", location: "lobby" } }],
    ["to", { ...good, to: { user_id: "" } }],
    ["to", { ...good, to: { user_id: "x".repeat(129) } }],
    ["to", { ...good, to: { location: "a b" } }],
    ["type", { to: { user_id: "bob" } }],
    ["type", { ...good, type: "" }],
    ["idempotency_key", { ...good, idempotency_key: "" }],
  ];
  for (const [path, params] of wrong) {
    const paths = await wrongPaths(ann, "player.sendEvent", params);
    assert.ok(paths.every((found) => found.split(".")[0] === path), `${JSON.stringify(params)}`);
  }
  assert.equal((await refusalOf(ann, "player.sendEvent", [])).code, -32602);
});
