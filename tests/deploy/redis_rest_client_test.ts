/**
 * The unmodified `@upstash/redis` client against our REST server and a real Redis.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Redis } from "@upstash/redis";
import { sharedBackends, uniquePrefix } from "../support/backends.ts";
import { startRedisRest } from "../support/servers/redis_rest_server.ts";

const { redisUrl, restUrl, restToken } = await sharedBackends();

/** A client, and a namer of keys that no other test uses. */
function setup(options: { responseEncoding?: false } = {}) {
  const redis = new Redis({ url: restUrl, token: restToken, enableTelemetry: false, ...options });
  const prefix = uniquePrefix();
  return { redis, key: (name: string) => `${prefix}:${name}` };
}

Deno.test("strings, counters and expiry", async () => {
  const { redis, key } = setup();
  assert.equal(await redis.set(key("s"), "value", { px: 60_000 }), "OK");
  assert.equal(await redis.get(key("s")), "value");
  const ttl = await redis.pttl(key("s"));
  assert(ttl > 0 && ttl <= 60_000);
  assert.equal(await redis.incrby(key("n"), 41), 41);
  assert.equal(await redis.incr(key("n")), 42);
  assert.equal(await redis.get(key("none")), null);
  assert.deepEqual(await redis.mget(key("s"), key("none"), key("n")), ["value", null, 42]);
  assert.equal(await redis.set(key("s"), "other", { nx: true }), null);
});

Deno.test("objects survive the client's own JSON", async () => {
  const { redis, key } = setup();
  const value = { name: "Ann", list: [1, "two", null], deep: { flag: true } };
  await redis.set(key("o"), value);
  assert.deepEqual(await redis.get(key("o")), value);
});

Deno.test("hashes", async () => {
  const { redis, key } = setup();
  assert.equal(await redis.hset(key("h"), { name: "Ann", level: 7, zone: "OK" }), 3);
  assert.deepEqual(await redis.hgetall(key("h")), { name: "Ann", level: 7, zone: "OK" });
  assert.equal(await redis.hget(key("h"), "zone"), "OK");
  assert.deepEqual(await redis.hmget(key("h"), "name", "none"), { name: "Ann", none: null });
  assert.equal(await redis.hgetall(key("none")), null);
});

Deno.test("sorted sets", async () => {
  const { redis, key } = setup();
  const added = await redis.zadd(
    key("z"),
    { score: 2.5, member: "b" },
    { score: 1, member: "a" },
    { score: 3, member: "c" },
  );
  assert.equal(added, 3);
  assert.deepEqual(await redis.zrange(key("z"), 0, -1), ["a", "b", "c"]);
  const scored = await redis.zrange(key("z"), 2, 3, { byScore: true, withScores: true });
  assert.deepEqual(scored, ["b", 2.5, "c", 3]);
  assert.equal(await redis.zscore(key("z"), "b"), 2.5);
});

Deno.test("sets and scans", async () => {
  const { redis, key } = setup();
  await redis.sadd(key("set"), "a", "b", "c");
  const [cursor, members] = await redis.sscan(key("set"), 0);
  assert.equal(cursor, "0");
  assert.deepEqual(members.sort(), ["a", "b", "c"]);
});

Deno.test("a pipeline with one failing command gives the others' results", async () => {
  const { redis, key } = setup();
  const pipeline = redis.pipeline();
  pipeline.set(key("s"), "text");
  pipeline.incr(key("s"));
  pipeline.get(key("s"));
  const outcomes = await pipeline.exec({ keepErrors: true });
  assert.equal(outcomes[0]?.result, "OK");
  assert.match(outcomes[1]?.error ?? "", /^ERR value is not an integer/);
  assert.equal(outcomes[2]?.result, "text");
});

Deno.test("multi() is atomic under concurrency", async () => {
  const { redis, key } = setup();
  // Far more than Redis takes from a connection at a time: without a MULTI it would serve others meanwhile.
  const size = 2000;
  await using other = await startRedisRest({ redisUrl });
  const observer = new Redis({ url: other.url, token: other.token, enableTelemetry: false });
  await redis.set(key("n"), 0);
  let busy = true;
  async function transact(): Promise<void> {
    const transaction = redis.multi();
    for (let count = 0; count < size; count++) transaction.incr(key("n"));
    const counts = await transaction.exec<number[]>();
    const first = counts[0] ?? NaN;
    assert.equal(first % size, 1);
    assert.deepEqual(counts, counts.map((_, index) => first + index));
  }
  async function observe(): Promise<void> {
    while (busy) assert.equal(Number(await observer.get(key("n"))) % size, 0);
  }
  const transactions = Array.from({ length: 10 }, transact);
  const all = Promise.all(transactions).finally(() => busy = false);
  await Promise.all([all, observe(), observe(), observe()]);
  assert.equal(await redis.get(key("n")), 10 * size);
});

Deno.test("multi() runs nothing when one command cannot be queued", async () => {
  const { redis, key } = setup();
  const transaction = redis.multi();
  transaction.set(key("s"), "never");
  transaction.mget();
  await assert.rejects(transaction.exec(), /EXECABORT Transaction discarded/);
  assert.equal(await redis.get(key("s")), null);
  assert.equal(await redis.ping(), "PONG");
});

Deno.test("multi() keeps what ran when one command fails while running", async () => {
  const { redis, key } = setup();
  const transaction = redis.multi();
  transaction.set(key("s"), "text");
  transaction.incr(key("s"));
  transaction.set(key("t"), "kept");
  const outcomes = await transaction.exec({ keepErrors: true });
  assert.match(outcomes[1]?.error ?? "", /^ERR value is not an integer/);
  assert.equal(await redis.get(key("t")), "kept");
});

Deno.test("commands of one turn are pipelined by the client itself", async () => {
  const { redis, key } = setup();
  const redisAuto = new Redis({
    url: restUrl,
    token: restToken,
    enableTelemetry: false,
    enableAutoPipelining: true,
  });
  const [set, count, value] = await Promise.all([
    redisAuto.set(key("s"), "a"),
    redisAuto.incr(key("n")),
    redisAuto.get(key("s")),
  ]);
  assert.deepEqual([set, count, value], ["OK", 1, "a"]);
  assert.equal(await redis.get(key("n")), 1);
});

Deno.test("createScript() falls back from EVALSHA to EVAL, once", async () => {
  const { redis, key } = setup();
  const text = `redis.call("SET", KEYS[1], ARGV[1]) return { KEYS[1], ARGV[1], 7, false }`;
  const unique = `${text} -- ${key("script")}`;
  const sha1 = createHash("sha1").update(unique).digest("hex");
  const script = redis.createScript<[string, string, number, null]>(unique);
  assert.deepEqual(await redis.scriptExists(sha1), [0]);
  assert.deepEqual(await script.exec([key("k")], ["v"]), [key("k"), "v", 7, null]);
  assert.deepEqual(await redis.scriptExists(sha1), [1]);
  assert.deepEqual(await script.evalsha([key("k")], ["w"]), [key("k"), "w", 7, null]);
});

Deno.test("an error inside a script comes back as Redis words it", async () => {
  const { redis } = setup();
  await assert.rejects(redis.eval("return redis.error_reply('MINE no')", [], []), /^.*: MINE no/);
});

Deno.test("any text survives, with and without base64 responses", async () => {
  for (const { redis, key } of [setup(), setup({ responseEncoding: false })]) {
    for (const text of ["😀 grüße", "a\u0000b\r\nc", "OK", "UE9ORw==", " ", "ключ"]) {
      await redis.set(key(text), text);
      assert.equal(await redis.get(key(text)), text);
      assert.deepEqual(await redis.mget(key(text)), [text]);
      assert.equal(await redis.exists(key(text)), 1);
    }
    assert.equal(await redis.ping(), "PONG");
    assert.equal(await redis.echo("OK"), "OK");
  }
});

Deno.test("a wrong token is refused", async () => {
  const redis = new Redis({ url: restUrl, token: "wrong", enableTelemetry: false });
  await assert.rejects(redis.get("k"), /Unauthorized/);
});
