/**
 * The REST server and its process when something is missing.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runtimeEnvironment } from "../support/runtime_environment.ts";
import { startRedis } from "../support/servers/redis_server.ts";
import { type RedisRestServer, startRedisRest } from "../support/servers/redis_rest_server.ts";
import type { ServerProcess } from "../support/servers/server_process.ts";
import { firstReply } from "../support/servers/tcp_probe.ts";
import { until } from "../support/wait.ts";

const ENTRY = fileURLToPath(new URL("../../deploy/redis_rest/main.ts", import.meta.url));

async function post(rest: RedisRestServer, path: string, body: unknown): Promise<Response> {
  return await fetch(`${rest.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${rest.token}` },
    body: JSON.stringify(body),
  });
}

async function statusOf(response: Promise<Response>): Promise<number> {
  const { status, body } = await response;
  await body?.cancel();
  return status;
}

Deno.test("Redis down: 503 at once for everything; back: served again", async () => {
  await using redis = await startRedis();
  await using rest = await startRedisRest({ redisUrl: redis.url });
  await redis.kill();
  await until(async () => await statusOf(fetch(`${rest.url}/-/healthz`)) === 503, {
    what: "healthz to tell",
  });
  const startedAt = performance.now();
  for (
    const [path, body] of [["/", ["PING"]], ["/pipeline", [["PING"]]], ["/multi-exec", [["PING"]]]]
  ) {
    const response = await post(rest, String(path), body);
    assert.equal(response.status, 503);
    assert.match((await response.json()).error, /^ERR unavailable: Redis cannot be reached$/);
  }
  const tookMs = performance.now() - startedAt;
  assert(tookMs < 1000, `503 took ${tookMs} ms`);
  await redis.restart();
  await until(async () => await statusOf(post(rest, "/", ["PING"])) === 200, {
    what: "service to be back",
  });
  const output = await rest.output();
  assert.equal(output.match(/^Cannot reach /gm)?.length, 1, output);
  assert.equal(output.match(/^Connected to /gm)?.length, 2, output);
});

Deno.test("Redis dies with commands under way: they fail at once and are not sent again", async () => {
  await using redis = await startRedis();
  await using rest = await startRedisRest({ redisUrl: redis.url });
  redis.suspend();
  const pending = Array.from({ length: 20 }, () => statusOf(post(rest, "/", ["INCR", "n"])));
  await redis.kill();
  for (const status of await Promise.all(pending)) assert.equal(status, 503);
  await redis.restart();
  await until(async () => await statusOf(post(rest, "/", ["PING"])) === 200, { what: "Redis" });
  assert.deepEqual(await (await post(rest, "/", ["GET", "n"])).json(), { result: null });
});

Deno.test("a frozen Redis gives 503 after 5 s, and service when it thaws", async () => {
  await using redis = await startRedis();
  await using rest = await startRedisRest({ redisUrl: redis.url });
  redis.suspend();
  const startedAt = performance.now();
  assert.equal(await statusOf(post(rest, "/", ["PING"])), 503);
  const tookMs = performance.now() - startedAt;
  assert(tookMs < 7000, `503 took ${tookMs} ms`);
  redis.resume();
  await until(async () => await statusOf(post(rest, "/", ["PING"])) === 200, {
    what: "service to be back",
    timeoutMs: 8000,
  });
});

Deno.test("a Redis with a password is reached, and the password is not printed", async () => {
  await using redis = await startRedis({ password: "sesame" });
  await using rest = await startRedisRest({ redisUrl: redis.url });
  assert.equal(await statusOf(post(rest, "/", ["PING"])), 200);
  assert.doesNotMatch(await rest.output(), /sesame/);
});

Deno.test("SIGTERM lets a request under way finish and ends with status 0", async () => {
  await using redis = await startRedis();
  const child = run({ REDIS_URL: redis.url, PORT: "0", REDIS_REST_TOKEN: "t" });
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!/listening on .*[^]*Connected/.test(text)) {
    const { value, done } = await output.read();
    assert(!done, `it ended by itself: ${text}`);
    text += value;
  }
  const url = /listening on (\S+)/.exec(text)?.[1];
  await redisSays(redis, "CLIENT PAUSE 60000 WRITE");
  const request = fetch(`${url}/set/k/v?_token=t`);
  await until(async () => /flags=b.*cmd=set/.test(await redisSays(redis, "CLIENT LIST")), {
    what: "Redis to hold the command",
  });
  child.kill("SIGTERM");
  await until(() => refusesConnections(String(url)), { what: "the signal to be heeded" });
  await redisSays(redis, "CLIENT UNPAUSE");
  assert.deepEqual(await (await request).json(), { result: "OK" });
  assert.equal((await child.status).code, 0);
  await output.cancel();
  await child.stderr.cancel();
});

Deno.test("a wrong configuration ends it with status 1 and one line", async () => {
  const cases: [env: Record<string, string>, line: RegExp][] = [
    [{}, /^REDIS_REST_TOKEN is not set: .*\n$/],
    [{ REDIS_REST_TOKEN: "t", REDIS_URL: "http://x" }, /^REDIS_URL is not a Redis address: .*\n$/],
    [{ REDIS_REST_TOKEN: "t", PORT: "70000" }, /^PORT is not a port: .*\n$/],
  ];
  for (const [env, line] of cases) {
    const { code, stderr } = await run(env).output();
    assert.equal(code, 1);
    assert.match(new TextDecoder().decode(stderr), line);
  }
});

async function redisSays(redis: ServerProcess, command: string): Promise<string> {
  return await firstReply(redis.port, "+PONG\r\n", `${command}\r\nPING\r\n`);
}

async function refusesConnections(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  try {
    (await Deno.connect({ hostname, port: Number(port) })).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionRefused;
  }
}

function run(env: Record<string, string>): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", "--allow-net", "--allow-env", ENTRY],
    clearEnv: true,
    env: { ...runtimeEnvironment(), ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
