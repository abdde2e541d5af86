/**
 * The servers that tests rely on: started for real, ended for real.
 *
 * @module
 */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startNats } from "./servers/nats_server.ts";
import { startRedis } from "./servers/redis_server.ts";
import { ServerProcess } from "./servers/server_process.ts";
import { firstReply } from "./servers/tcp_probe.ts";
import { until } from "./wait.ts";

Deno.test("startRedis() gives a private, empty Redis that is gone afterwards", async () => {
  let port: number;
  {
    await using redis = await startRedis();
    port = redis.port;
    assert.equal(await ask(port, "SET k v"), "+OK\r\n");
    await using other = await startRedis();
    assert.equal(await ask(other.port, "DBSIZE"), ":0\r\n");
  }
  await assert.rejects(ask(port, "PING"), Deno.errors.ConnectionRefused);
});

Deno.test("startRedis() with a password wants it", async () => {
  await using redis = await startRedis({ password: "sesame" });
  assert.match(await ask(redis.port, "PING"), /NOAUTH/);
  assert.equal(new URL(redis.url).password, "sesame");
});

Deno.test("restart() comes back on the same port with another process", async () => {
  await using redis = await startRedis();
  const { pid } = redis;
  await ask(redis.port, "SET k v");
  await redis.restart();
  assert.notEqual(redis.pid, pid);
  assert.equal(await ask(redis.port, "DBSIZE"), ":0\r\n");
});

Deno.test("kill() ends a server at once and restart() revives it", async () => {
  await using redis = await startRedis();
  await redis.kill();
  assert.equal(redis.running, false);
  await assert.rejects(ask(redis.port, "PING"), Deno.errors.ConnectionRefused);
  await redis.restart();
  assert.equal(await ask(redis.port, "PING"), "+PONG\r\n");
});

Deno.test("suspend() freezes a server, resume() lets it answer, stop() ends it frozen", async () => {
  await using redis = await startRedis();
  redis.suspend();
  let answered = false;
  const answer = ask(redis.port, "PING").then(() => answered = true);
  const frozen = until(() => answered, { what: "an answer", timeoutMs: 100 });
  await assert.rejects(frozen, /Waited in vain for an answer/);
  redis.resume();
  assert.equal(await answer, true);
  redis.suspend();
  await redis.stop();
  assert.equal(redis.running, false);
});

Deno.test("startNats() has JetStream, and a store that outlives a restart", async () => {
  await using nats = await startNats();
  const before = await greeting(nats.port);
  assert.equal(before["jetstream"], true);
  await nats.restart();
  assert.equal((await greeting(nats.port))["server_name"], before["server_name"]);
});

Deno.test("startNats() without JetStream, with a login and WebSockets", async () => {
  await using nats = await startNats({
    jetstream: false,
    user: "u",
    password: "p",
    websocket: true,
  });
  const info = await greeting(nats.port);
  assert.equal(info["jetstream"], undefined);
  assert.equal(info["auth_required"], true);
  const socket = new WebSocket(nats.websocketUrl ?? "");
  await new Promise((resolve, reject) => {
    socket.onmessage = resolve;
    socket.onerror = reject;
  });
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await closed;
});

Deno.test("a server that cannot start says so with its output and leaves nothing", async () => {
  const directory = await Deno.makeTempDir();
  const start = ServerProcess.start({
    name: "broken",
    url: "tcp://nowhere",
    port: 0,
    directory,
    command: "sh",
    args: ["-c", "echo lost my keys >&2; exit 3"],
    answers: () => Promise.resolve(false),
  });
  await assert.rejects(start, /Cannot start broken; its output:\nlost my keys/);
  assert.equal(existsSync(directory), false);
});

Deno.test("a server ends with the process that started it, however that ends", async () => {
  const script = fileURLToPath(new URL("testdata/hold_redis.ts", import.meta.url));
  const holder = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", script],
    stdout: "piped",
  }).spawn();
  const reader = holder.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const port = Number((await reader.read()).value);
  assert.equal(await ask(port, "PING"), "+PONG\r\n");
  holder.kill("SIGKILL");
  await holder.status;
  await reader.cancel();
  await until(() => ask(port, "PING").then(() => false, () => true), { what: "Redis to end" });
});

/** One inline command, one line or bulk of reply. */
async function ask(port: number, command: string): Promise<string> {
  return await firstReply(port, "\r\n", `${command}\r\n`);
}

async function greeting(port: number): Promise<Record<string, unknown>> {
  return JSON.parse((await firstReply(port, "\r\n")).replace(/^INFO /, ""));
}
