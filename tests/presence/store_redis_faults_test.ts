import assert from "node:assert/strict";
import { LeaseLostError, StoreUnavailableError } from "../../src/presence/store.ts";
import { createRedisStore } from "../../src/presence/store_redis.ts";
import {
  join,
  LEASE_MS,
  leave,
  look,
  put,
  session,
  T0,
  WINDOW_MS,
} from "../conformance/store/builders.ts";
import { firstReply } from "../support/servers/tcp_probe.ts";
import { until } from "../support/wait.ts";
import { FetchSpy, RedisPlace } from "./redis_place.ts";

const LIMIT_MS = 300;

Deno.test("redis store: what is out of reach fails in time, and works once it is back", async () => {
  await using place = await RedisPlace.start();
  const store = place.store({ requestTimeoutMs: LIMIT_MS });
  await join(store, "ada", session("ws_a"));
  const outages: [name: string, begin: () => unknown, end: () => unknown][] = [
    ["REST killed", () => place.rest.kill(), () => place.rest.restart()],
    ["REST frozen", () => place.rest.suspend(), () => place.rest.resume()],
    ["Redis frozen", () => place.redis.suspend(), () => place.redis.resume()],
    ["Redis killed", () => place.redis.kill(), () => place.redis.restart()],
  ];
  for (const [name, begin, end] of outages) {
    await begin();
    const works = [
      () => store.apply("n1:1", [put("ada", session("ws_a"))]),
      () => store.get(["ada"]),
      () => store.list({ limit: 1 }),
      () => store.renewLease("n1:1", LEASE_MS),
      () => store.claim("n9:1", "n1:1", LEASE_MS),
      () => store.reap("n9:1", T0),
      () => store.ping(),
    ];
    const { errors } = store.stats;
    await Promise.all(works.map(async (work) => {
      const startedAt = performance.now();
      await assert.rejects(work, StoreUnavailableError, `${name}: ${work}`);
      const tookMs = performance.now() - startedAt;
      assert.ok(tookMs < LIMIT_MS + 500, `${name}: ${work} took ${tookMs} ms`);
    }));
    assert.ok(store.stats.errors >= errors + works.length - 1, name);
    await end();
    await until(async () => {
      await store.ping();
      return true;
    }, { what: `the store after "${name}"` });
  }
  await assert.rejects(
    store.apply("n1:1", [put("ada", session("ws_a"))]),
    LeaseLostError,
    "Redis came back empty, without scripts and leases",
  );
  assert.equal((await join(store, "ada", session("ws_a"))).changed, true);
});

Deno.test("redis store: a Redis that comes back without what was written last has lost the lease, too", async () => {
  await using place = await RedisPlace.start();
  const store = place.store();
  await join(store, "ada", session("ws_a"));
  assert.equal(await firstReply(place.redis.port, "\r\n", "SAVE\r\n"), "+OK\r\n");
  await store.apply("n1:1", [leave("ada", session("ws_a"))]);
  await place.redis.kill();
  await place.redis.restart();
  await until(async () => (await look(store, "ada")).status === "online", { what: "Redis" });

  const { held, lapsed } = await store.renewLease("n1:1", LEASE_MS);
  assert.deepEqual([held, lapsed], [false, ["n1:1"]]);
  assert.equal((await look(store, "ada")).status, "offline");
});

Deno.test("redis store: works when it was made before Redis was there", async () => {
  await using place = await RedisPlace.start();
  await place.rest.stop();
  const store = place.store();
  await assert.rejects(store.openLease("n1:1", LEASE_MS), StoreUnavailableError);
  await place.rest.restart();
  assert.equal((await store.openLease("n1:1", LEASE_MS)).held, true);
});

Deno.test("redis store: scripts that Redis has lost are loaded again, in the same call", async () => {
  await using place = await RedisPlace.start();
  const store = place.store();
  await join(store, "ada", session("ws_a"));
  await place.command("SCRIPT", "FLUSH");
  using spy = new FetchSpy();
  const batch = ["bob", "cyd"].map((id) => put(id, session(`ws_${id}`)));
  const outcomes = await store.apply("n1:1", batch);
  assert.deepEqual(outcomes.map((outcome) => outcome.changed), [true, true]);
  assert.equal(spy.count, 2);
  await store.apply("n1:1", batch);
  assert.equal(spy.count, 3);
  assert.equal((await store.renewLease("n1:1", LEASE_MS)).held, true);
});

Deno.test("redis store: the flag for locking keys is kept where the server takes it", async () => {
  await using place = await RedisPlace.start();
  const flagged: boolean[] = [];
  // Upstash takes a flag that Redis refuses. This server takes it too: it drops the line.
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (it) => {
    const commands = await it.json() as string[][];
    for (const command of commands.filter(([name]) => name === "script")) {
      const [line, ...rest] = command[2]?.split("\n") ?? [];
      flagged.push(line === "#!lua flags=allow-key-locking");
      if (flagged.at(-1)) command[2] = rest.join("\n");
    }
    const headers = { authorization: it.headers.get("authorization") ?? "" };
    const body = JSON.stringify(commands);
    return await fetch(`${place.rest.url}/pipeline`, { method: "POST", headers, body });
  });
  const store = place.store({ url: `http://127.0.0.1:${server.addr.port}` });
  await join(store, "ada", session("ws_a"));
  assert.deepEqual(flagged, [true, true, true]);
  await place.command("SCRIPT", "FLUSH");
  await join(store, "bob", session("ws_b"));
  assert.deepEqual(flagged, [true, true, true, true, true]);
  assert.equal((await look(store, "bob")).status, "online");
});

Deno.test("redis store: an attempt to reap that got lost is told of by the next", async () => {
  await using place = await RedisPlace.start();
  const [store, other] = [place.store(), place.store()];
  await store.openLease("n1:1", LEASE_MS);
  const ids = Array.from({ length: 300 }, (_, at) => `u${at}`);
  const state = (id: string) => session(id, { location: "lobby" });
  await store.apply("n1:1", ids.map((id) => put(id, state(id))));
  {
    using spy = new FetchSpy();
    // The second chunk's answer: its sessions have ended, and the reaper does not know.
    spy.losesAnswer = (body) => body.includes("reaping") && body.includes("u299");
    await assert.rejects(store.reap("n1:1", T0 + 1), StoreUnavailableError);
  }
  assert.equal((await other.list({ limit: 1 })).total, 0);
  const outcomes = await other.reap("n1:1", T0 + 9);
  assert.deepEqual(
    outcomes.map((outcome) => outcome.presence.user_id).toSorted(),
    ids.toSorted(),
  );
  for (const { presence, previous_location } of outcomes) {
    assert.equal(presence.version, T0 + 2, "each ended once");
    assert.equal(previous_location, "lobby");
  }
  assert.deepEqual(await store.reap("n1:1", T0 + 10), []);
});

Deno.test("redis store: errors tell no secret", async () => {
  await using place = await RedisPlace.start();
  const refused = createRedisStore({
    url: place.rest.url,
    token: "not-the-token",
    resumeWindowMs: WINDOW_MS,
  });
  await assert.rejects(refused.get(["ada"]), (error: Error) => {
    assert.ok(error instanceof StoreUnavailableError);
    assert.equal(error.message, "Cannot reach Redis: Unauthorized");
    return true;
  });
  using spy = new FetchSpy();
  spy.losesAnswer = () => true;
  await assert.rejects(place.store().ping(), (error: Error) => {
    assert.ok(error instanceof StoreUnavailableError);
    assert.doesNotMatch(Deno.inspect(error), /secret|Bearer/);
    return true;
  });
});

Deno.test("redis store: what Redis refuses is not taken for an outage", async () => {
  await using place = await RedisPlace.start();
  const store = place.store();
  await store.openLease("n1:1", LEASE_MS);
  await place.command("LPUSH", "presence:user:ada", "not a record");
  await assert.rejects(
    store.apply("n1:1", [put("ada", session("ws_a"))]),
    { name: "RedisCommandError", message: /WRONGTYPE/ },
  );
});

Deno.test({
  name: "redis store: needs the network and no other permission",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    const store = createRedisStore({
      url: "http://127.0.0.1:9",
      token: "none",
      resumeWindowMs: WINDOW_MS,
    });
    await assert.rejects(store.ping(), StoreUnavailableError);
  },
});
