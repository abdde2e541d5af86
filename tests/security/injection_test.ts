import assert from "node:assert/strict";
import { Redis } from "@upstash/redis";
import { connectNatsBus } from "../../src/bus/bus_nats.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import type { Presence } from "../../src/protocol/presence.ts";
import { sharedBackends } from "../support/backends.ts";
import { connect, type GameClient } from "../support/game_client.ts";
import { startRedisRest } from "../support/servers/redis_rest_server.ts";
import { startRedis } from "../support/servers/redis_server.ts";
import { until } from "../support/wait.ts";
import { ANY_ENGINE, startGuarded } from "./engines.ts";
import { watched } from "./watched.ts";

const { natsUrl } = await sharedBackends();

/** User ids that mean something to a part behind the gateway. */
const HOSTILE_IDS: readonly string[] = [
  "*",
  ">",
  "a.b",
  "a.*",
  "a b",
  "a\tb",
  "a\r\nPUB x 1\r\n1",
  "a\nb",
  "\u0000",
  "%",
  "%2E",
  "users",
  "%75sers",
  "a:b",
  "online:users",
  "presence:online:x",
  "{x}",
  "u/a",
  "l/zone/a",
  "../../etc/passwd",
  "*)(&",
  '"; return redis.call("FLUSHALL") --',
  "__proto__",
  "constructor",
  "<script>alert(1)</script>",
  "é語🎲",
  "\u202egnp.exe",
  "x".repeat(128),
];

const HOSTILE_LOCATIONS: readonly unknown[] = [
  "*",
  ">",
  "a b",
  "a/b",
  "%",
  "é",
  "",
  "x".repeat(65),
  "a\n",
  ["lobby"],
  { a: 1 },
  5,
  true,
];

for (const engine of ANY_ENGINE) {
  Deno.test(`a hostile user id reaches nobody else, on no subject and under no key, engine ${engine}`, async () => {
    await using redisServer = await startRedis();
    await using rest = await startRedisRest({ redisUrl: redisServer.url });
    const redis = new Redis({ url: rest.url, token: rest.token, enableTelemetry: false });
    await redis.set("canary", "alive");
    await using gateway = await startGuarded(engine, {
      PRESENCE_AUTO_SUBSCRIBE: "none",
      PRESENCE_GRACE_MS: "0",
    }, { natsUrl, restUrl: rest.url, restToken: rest.token });

    const spy = connectNatsBus({ servers: natsUrl, name: "spy" });
    await using _spy = { [Symbol.asyncDispose]: () => spy.close() };
    const subjects = new Set<string>();
    spy.subscribe(`${gateway.prefix}.>`, ({ subject }) => void subjects.add(subject));
    await spy.connection();
    await spy.flush();

    await watched("ids", engine, gateway, async () => {
      await using clients = new AsyncDisposableStack();
      const players = new Map<string, GameClient>();
      for (const id of HOSTILE_IDS) {
        const client = await connect(gateway.wsUrl, { token: await gateway.token(id) });
        players.set(id, clients.use(client));
        assert.equal(client.welcome.user_id, id);
      }
      const watcher = clients.use(
        await connect(gateway.wsUrl, { token: await gateway.token("watcher") }),
      );

      for (const [index, [id, client]] of [...players].entries()) {
        await client.call("player.updateLocation", { location: `zone:${index}` });
        await watcher.call("player.sendEvent", {
          to: { user_id: id },
          type: "only_for",
          payload: id,
        });
      }
      for (const [id, client] of players) {
        const event = await client.next("player.event");
        assert.equal(event.payload, id);
      }
      // An answer after all events: nobody got what was not theirs.
      for (const [id, client] of players) {
        await client.call("system.ping");
        assert.deepEqual(client.all("player.event").map(({ payload }) => payload), [id]);
      }

      const { presences } = await watcher.call<{ presences: Presence[] }>("presence.get", {
        user_ids: HOSTILE_IDS,
      });
      assert.deepEqual(
        presences.map(({ user_id, location, status }) => [user_id, location, status]),
        HOSTILE_IDS.map((id, index) => [id, `zone:${index}`, "online"]),
      );
      const list = await watcher.call<{ presences: Presence[]; total: number }>("presence.list", {
        limit: 500,
      });
      assert.deepEqual(
        list.presences.map(({ user_id }) => user_id).toSorted(),
        [...HOSTILE_IDS, "watcher", "bystander"].toSorted(),
      );

      // Subjects: what was escaped has the tokens it should have, and nothing that NATS reads.
      await until(() => subjects.size > HOSTILE_IDS.length, {
        what: "the subjects of their events",
      });
      for (const subject of subjects) {
        assert.match(subject, /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_%-]+){1,4}$/);
      }
      // Keys: one for each user, and the set of online users is still one.
      const keys = await redis.keys("presence:online:*");
      assert.equal(keys.length, HOSTILE_IDS.length + 3);
      for (const id of HOSTILE_IDS) {
        const name = id === "users" ? "%75sers" : encodeURIComponent(id);
        assert.ok(keys.includes(`presence:online:${name}`), `No key for ${id}`);
      }
      assert.equal(await redis.type("presence:online:users"), "set");
      assert.equal(await redis.get("canary"), "alive");
      return `escaped: ${subjects.size} subjects, ${keys.length} keys, none astray`;
    });
  });

  Deno.test(`a hostile location is refused, wherever it is given, engine ${engine}`, async () => {
    await using gateway = await startGuarded(engine, { RATE_LIMIT_MESSAGES: "0" }, { natsUrl });
    await watched("locations", engine, gateway, async () => {
      await using client = await connect(gateway.wsUrl, { token: await gateway.token("eve") });
      const refused = { code: ErrorCode.invalidParams };
      for (const location of HOSTILE_LOCATIONS) {
        const event = { to: { location }, type: "x" };
        await assert.rejects(client.call("player.updateLocation", { location }), refused);
        await assert.rejects(client.call("player.updatePresence", { location }), refused);
        await assert.rejects(client.call("player.sendEvent", event), refused);
        await assert.rejects(client.call("presence.list", { location }), refused);
        await assert.rejects(client.call("presence.subscribe", { locations: [location] }), refused);
      }
      return "-32602";
    });
  });

  Deno.test(`a method cannot leave the subject of its service, engine ${engine}`, async () => {
    await using gateway = await startGuarded(engine, {
      RPC_SERVICES: "inventory",
      RPC_TIMEOUT_MS: "2000",
    }, { natsUrl });
    const spy = connectNatsBus({ servers: natsUrl, name: "spy" });
    await using _spy = { [Symbol.asyncDispose]: () => spy.close() };
    const asked = new Set<string>();
    spy.subscribe(`${gateway.prefix}.>`, (message) => {
      if (!message.subject.startsWith(`${gateway.prefix}.rpc.`)) return;
      asked.add(message.subject);
      message.respond(JSON.stringify({ result: {} }));
    });
    await spy.connection();
    await spy.flush();
    await watched("methods", engine, gateway, async () => {
      await using client = await connect(gateway.wsUrl, { token: await gateway.token("eve") });
      for (
        const method of [
          "inventory.*",
          "inventory.>",
          "inventory..get",
          "inventory.",
          "inventory",
          "inventory.a b",
          "inventory.a\r\nPUB x 0\r\n",
          "*.get",
          ">",
          "admin.get",
          "__proto__.get",
          `inventory.${"x".repeat(10_000)}`,
        ]
      ) {
        await client.call(method, {}).catch(() => {});
      }
      assert.deepEqual(await client.call("inventory.get", {}), {});
      for (const subject of asked) {
        assert.match(subject, /^[A-Za-z0-9_-]+\.rpc\.inventory(\.[A-Za-z0-9_%-]+)*$/);
      }
      assert.ok(asked.has(`${gateway.prefix}.rpc.inventory.get`));
      return `-32601, or escaped: ${asked.size} subjects, all of the service`;
    });
  });
}
