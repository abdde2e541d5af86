import assert from "node:assert/strict";
import { RECORD_TTL_MS } from "../../src/presence/record.ts";
import {
  join,
  lapse,
  LEASE_MS,
  leave,
  look,
  put,
  resume,
  session,
  T0,
} from "../conformance/store/builders.ts";
import { testStore } from "../conformance/store.ts";
import { FetchSpy, RedisPlace } from "./redis_place.ts";

const place = await RedisPlace.start();
Deno.test.afterAll(() => place[Symbol.asyncDispose]());

testStore("redis store", () => place.stores());

Deno.test("redis store: each change is one request and one script call", async () => {
  const { store } = await place.stores();
  await store.openLease("n1:1", LEASE_MS);
  await store.openLease("n2:1", LEASE_MS);
  const moved = session("ws_a", { location: "arena", updated_at_ms: T0 + 1 });
  const many = Array.from({ length: 200 }, (_, at) => put(`u${at}`, session(`ws_${at}`)));
  const steps = [
    [put("ada", session("ws_a", { location: "lobby" }))],
    [put("ada", moved)],
    [resume("ada", "ws_a", session("ws_b"))],
    [leave("ada", session("ws_b"))],
    many,
  ];
  for (const changes of steps) {
    const before = await place.calls();
    const { requests, commands } = store.stats;
    using spy = new FetchSpy();
    await store.apply("n1:1", changes);
    assert.equal(spy.count, 1);
    const after = await place.calls();
    assert.equal(after("evalsha") - before("evalsha"), 1);
    assert.equal(after("eval") + after("time"), 0);
    assert.deepEqual(
      [store.stats.requests - requests, store.stats.commands - commands],
      [1, 1],
    );
  }
});

Deno.test("redis store: reads and renewals take one request, a list two", async () => {
  const { store } = await place.stores();
  await join(store, "ada", session("ws_a"));
  await join(store, "bob", session("ws_b", { instance: "n2:1" }));
  const asks: [work: () => Promise<unknown>, requests: number, commands: number][] = [
    [() => store.renewLease("n1:1", LEASE_MS), 1, 1],
    [() => store.get(["ada", "bob", "nobody"]), 1, 1],
    [() => store.sessionsOf("bob"), 1, 1],
    [() => store.list({ limit: 10 }), 2, 4],
    [() => store.ping(), 1, 1],
    [() => store.claim("n2:1", "n1:1", LEASE_MS), 1, 1],
  ];
  for (const [work, requests, commands] of asks) {
    using spy = new FetchSpy();
    const before = store.stats;
    await work();
    assert.equal(spy.count, requests, String(work));
    assert.equal(store.stats.commands - before.commands, commands, String(work));
    assert.ok(store.stats.durationMs > before.durationMs);
  }
});

Deno.test("redis store: one more request judges an instance met for the first time", async () => {
  const { store, other } = await place.stores();
  await join(store, "ada", session("ws_a"));
  using spy = new FetchSpy();
  assert.equal((await look(other, "ada")).status, "online");
  assert.equal(spy.count, 2);
  assert.equal((await look(other, "ada")).status, "online");
  assert.equal(spy.count, 3);
});

Deno.test("redis store: other services find users and sessions where they are promised", async () => {
  const { store } = await place.stores();
  const state = session("ws_a", {
    instance: "node:7:k3",
    name: "Ada",
    location: "lobby",
    status: "busy",
  });
  await join(store, "a/d a", state);
  await join(store, "users", session("ws_u", { instance: "node:7:k3" }));
  assert.deepEqual(await place.json("presence:online:a%2Fd%20a"), {
    user_id: "a/d a",
    name: "Ada",
    status: "busy",
    location: "lobby",
    last_seen: new Date(T0).toISOString(),
    session_id: "ws_a",
    sessions: 1,
    region: "eu",
    version: T0,
  });
  assert.deepEqual(await place.json("session:ws_a"), {
    user: "a/d a",
    node: "node:7",
    region: "eu",
    connected_at: new Date(T0).toISOString(),
  });
  assert.deepEqual(
    (await place.command("SMEMBERS", "presence:online:users") as string[]).toSorted(),
    ["a/d a", "users"],
  );
  assert.deepEqual(await place.keys("presence:online:*"), [
    "presence:online:%75sers",
    "presence:online:a%2Fd%20a",
    "presence:online:users",
  ]);

  await store.apply("node:7:k3", [leave("a/d a", state), leave("users", session("ws_u"))]);
  assert.deepEqual(await place.keys("session:*"), ["session:ws_u"], "held by another instance");
  await store.reap("node:7:k3", T0 + 1);
  assert.deepEqual(await place.keys("*"), [
    "presence:user:%75sers",
    "presence:user:a%2Fd%20a",
  ], "only what was last seen of them is left");
});

Deno.test("redis store: a session that is resumed leaves no key behind", async () => {
  const { store } = await place.stores();
  await join(store, "ada", session("ws_a"));
  await join(store, "ada", session("ws_b"));
  await store.apply("n1:1", [resume("ada", "ws_a", session("ws_b"))]);
  assert.deepEqual(await place.keys("session:*"), ["session:ws_b"]);
  assert.deepEqual(await place.command("HKEYS", "presence:sessions:n1:1"), ["ws_b"]);
});

Deno.test("redis store: keys live as long as the sessions may, records for a month", async () => {
  const { store } = await place.stores();
  const ttlOf = async (key: string) => Number(await place.command("PTTL", key));
  const near = async (key: string, ms: number) => {
    const ttl = await ttlOf(key);
    assert.ok(ttl <= ms && ttl > ms - 30_000, `${key}: ${ttl}, not nearly ${ms}`);
  };
  const [short, long] = [session("ws_a"), session("ws_b")];
  await store.openLease("n1:1", LEASE_MS);
  await store.apply("n1:1", [{ ...put("ada", long), ttl_ms: 7_200_000 }]);
  await store.apply("n1:1", [{ ...put("ada", short), ttl_ms: 600_000 }]);
  await near("session:ws_a", 600_000);
  await near("session:ws_b", 7_200_000);
  await near("presence:online:ada", 7_200_000);
  await near("presence:user:ada", RECORD_TTL_MS);
  await near("presence:lease:n1:1", LEASE_MS);

  const { changed } = (await store.apply("n1:1", [{ ...put("ada", short), ttl_ms: 9e6 }]))[0] ?? {};
  assert.equal(changed, false);
  await near("session:ws_a", 9e6);
  await near("presence:online:ada", 9e6);

  await store.apply("n1:1", [leave("ada", long), {
    ...put("ada", short),
    ttl_ms: 2 * RECORD_TTL_MS,
  }]);
  await near("presence:online:ada", 2 * RECORD_TTL_MS);
  await near("presence:user:ada", 2 * RECORD_TTL_MS);
  await store.apply("n1:1", [leave("ada", short)]);
  assert.equal(await ttlOf("presence:online:ada"), -2, "gone");
  await near("presence:user:ada", RECORD_TTL_MS);
});

Deno.test("redis store: versions grow over an expired record and over FLUSHALL", async () => {
  const { store } = await place.stores();
  const first = await join(store, "ada", session("ws_a"), Date.now());
  await place.command("DEL", "presence:user:ada");
  const second = await join(store, "ada", session("ws_a"), Date.now() + 1);
  assert.ok(second.presence.version > first.presence.version);
  await place.command("FLUSHALL");
  await assert.rejects(store.apply("n1:1", [put("ada", session("ws_a"))]), {
    name: "LeaseLostError",
  });
  const third = await join(store, "ada", session("ws_a", { instance: "n1:2" }), Date.now() + 2);
  assert.ok(third.presence.version > second.presence.version);
  assert.equal((await store.list({ limit: 1 })).total, 1);
});

Deno.test("redis store: nothing of a killed node is left for other services", async () => {
  const { store, other } = await place.stores();
  await store.openLease("n1:1", LEASE_MS);
  const ids = Array.from({ length: 250 }, (_, at) => `u${at}`);
  const state = (id: string) => session(`ws_${id}`, { location: "lobby" });
  await store.apply("n1:1", ids.map((id) => put(id, state(id))));
  await lapse(other, "n1:1");
  await other.claim("n1:1", "n2:1", LEASE_MS);
  assert.equal((await other.reap("n1:1", T0 + 1)).length, ids.length);
  for (const pattern of ["presence:online:*", "session:*", "presence:index", "*:n1:1"]) {
    assert.deepEqual(await place.keys(pattern), [], pattern);
  }
});

Deno.test("redis store: a name cut through a character harms nobody", async () => {
  const { store } = await place.stores();
  await store.openLease("n1:1", LEASE_MS);
  const outcomes = await store.apply("n1:1", [
    put("ada", session("ws_a", { name: "Ada \ud83d" })),
    put("bob", session("ws_b", { name: "Bob" })),
  ]);
  assert.deepEqual(outcomes.map((outcome) => outcome.presence.name), ["Ada \ufffd", "Bob"]);
  assert.deepEqual((await store.get(["\ud83d"])).presences[0]?.sessions, 0);
});
