import { strict as assert } from "node:assert";
import type { RpcError } from "../../src/protocol/errors.ts";
import { connect, type GameClient } from "../support/game_client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { until } from "../support/wait.ts";

const UNLIMITED = { RATE_LIMIT_MESSAGES: "0" };

async function player(gateway: GatewayProcess, sub: string): Promise<GameClient> {
  return await connect(gateway.wsUrl, { token: await gateway.token(sub) });
}

/** What came before the close, which has to say the same as the close. */
async function lastError(client: GameClient, code: number) {
  const closed = await client.closed;
  assert.equal(closed.code, code, JSON.stringify(closed));
  const errors = client.all("system.error");
  assert.equal(errors.length, 1);
  const data = errors[0]?.data as { close_code: number };
  assert.equal(data.close_code, code);
  return { ...closed, error: errors[0] };
}

Deno.test("messages past the burst are refused until tokens flow in", async () => {
  const env = { RATE_LIMIT_MESSAGES: "10", RATE_LIMIT_BURST: "5" };
  await using gateway = await startGateway({ env });
  await using client = await player(gateway, "ann");
  const answers = await Promise.allSettled(
    Array.from({ length: 8 }, () => client.call("system.ping")),
  );
  assert.deepEqual(answers.map(({ status }) => status === "fulfilled"), [
    ...Array(5).fill(true),
    ...Array(3).fill(false),
  ]);
  const refused = (answers[5] as PromiseRejectedResult).reason as RpcError;
  assert.equal(refused.code, -32003);
  assert.equal(refused.message, "Rate limited");
  const retryAfterMs = (refused.data as { retry_after_ms: number }).retry_after_ms;
  assert.ok(retryAfterMs >= 1 && retryAfterMs <= 100, `${retryAfterMs} ms`);

  // Notifications are refused as silently as they are handled.
  const frames = client.frames.length;
  for (let count = 0; count < 5; count++) client.notify("player.updateStatus", { status: "busy" });
  await until(() => client.call("system.ping"), { what: "a token" });
  const { presences } = await until(
    () => client.call<{ presences: { status: string }[] }>("presence.get", { user_ids: ["ann"] }),
    { what: "another token" },
  );
  assert.equal(presences.length, 1);
  const sinceThen = client.frames.slice(frames).map((frame) => JSON.parse(frame));
  assert.ok(sinceThen.every(({ id, method }) => id !== null && (id > 0 || method !== undefined)));
});

Deno.test("the calls of a batch count one by one", async () => {
  const env = { RATE_LIMIT_MESSAGES: "1", RATE_LIMIT_BURST: "3" };
  await using gateway = await startGateway({ env });
  await using client = await player(gateway, "ann");
  const batch = Array.from({ length: 5 }, (_, id) => ({
    jsonrpc: "2.0",
    id: `b${id}`,
    method: "system.ping",
  }));
  client.send(batch);
  const replies = await Promise.all(batch.map(({ id }) => client.reply(id)));
  assert.deepEqual(replies.map(({ error }) => error?.code), [
    ...[undefined, undefined, undefined, -32003, -32003],
  ]);
  client.send(batch);
  const refused = await Promise.all(batch.map(({ id }) => client.reply(id)));
  assert.deepEqual(refused.map(({ error }) => error?.code), Array(5).fill(-32003));
});

Deno.test("a client that goes on after 500 refusals is closed with 4429", async () => {
  const env = { RATE_LIMIT_MESSAGES: "1", RATE_LIMIT_BURST: "1" };
  await using gateway = await startGateway({ env });
  await using bystander = await player(gateway, "bob");
  const client = await player(gateway, "ann");
  for (let count = 0; count < 450; count++) client.notify("system.ping");
  client.send({ jsonrpc: "2.0", id: "still here", method: "system.ping" });
  assert.equal((await client.reply("still here")).error?.code, -32003);
  for (let count = 0; count < 100; count++) client.notify("system.ping");
  const { error } = await lastError(client, 4429);
  assert.equal(error?.code, -32003);
  await bystander.call("system.ping");
});

Deno.test("RATE_LIMIT_MESSAGES=0 refuses nobody", async () => {
  await using gateway = await startGateway({ env: UNLIMITED });
  await using client = await player(gateway, "ann");
  const calls = Array.from({ length: 3000 }, () => client.call("system.ping"));
  assert.equal((await Promise.all(calls)).length, 3000);
});

Deno.test("a message past MAX_MESSAGE_BYTES is refused, then closed with 1009", async () => {
  await using gateway = await startGateway({ env: { MAX_MESSAGE_BYTES: "1000" } });
  for (const letter of ["x", "😀"]) {
    const client = await player(gateway, "ann");
    assert.equal(client.welcome.max_message_bytes, 1000);
    const envelope = JSON.stringify({
      jsonrpc: "2.0",
      id: 7,
      method: "system.ping",
      params: { pad: "" },
    });
    const letterBytes = new TextEncoder().encode(letter).length;
    const pad = letter.repeat(Math.floor((1000 - envelope.length) / letterBytes));
    client.sendRaw(envelope.replace('""', `"${pad}"`));
    assert.equal((await client.reply(7)).error, undefined);
    client.sendRaw(envelope.replace('""', `"${pad}${letter}"`));
    const { error } = await client.reply(null);
    assert.deepEqual(error, {
      code: -32005,
      message: "Message too large",
      data: { max_message_bytes: 1000 },
    });
    assert.equal((await client.closed).code, 1009);
  }
});

Deno.test("a binary message is closed with 1003", async () => {
  await using gateway = await startGateway();
  const client = await player(gateway, "ann");
  client.socket.sendFrame({ opcode: 2, payload: new Uint8Array([1, 2, 3]) });
  assert.equal((await client.closed).code, 1003);
});

Deno.test("one session more than MAX_SESSIONS_PER_USER closes the user's oldest with 4409", async () => {
  await using gateway = await startGateway({ env: { MAX_SESSIONS_PER_USER: "2" } });
  await using bystander = await player(gateway, "bob");
  const first = await player(gateway, "ann");
  const second = await player(gateway, "ann");
  await using third = await player(gateway, "ann");
  const { reason } = await lastError(first, 4409);
  assert.equal(reason, "too many sessions of this user");
  await using _fourth = await player(gateway, "ann");
  await lastError(second, 4409);
  await third.call("system.ping");
  const { presences } = await bystander.call<{ presences: { sessions: number }[] }>(
    "presence.get",
    { user_ids: ["ann"] },
  );
  assert.equal(presences[0]?.sessions, 2);
});

Deno.test("a client that reads is no slow reader, however much it asks for at once", async () => {
  await using gateway = await startGateway({ env: UNLIMITED });
  const token = await gateway.token("ann");
  for (const protocol of ["waygate.v1", "waygate.v1.batch"]) {
    await using client = await connect(gateway.wsUrl, { token, protocols: [protocol] });
    const pad = "x".repeat(60_000);
    const calls = Array.from(
      { length: 100 },
      (_, n) => client.call<{ echo: { n: number } }>("system.ping", { n, pad }, 20_000),
    );
    const numbers = (await Promise.all(calls)).map(({ echo }) => echo.n);
    assert.deepEqual(numbers, Array.from({ length: 100 }, (_, n) => n));
  }
});

Deno.test("clients that leave amid the handshake take nobody's place for long", async () => {
  await using gateway = await startGateway({ env: { MAX_CONNECTIONS: "3" } });
  const request = new TextEncoder().encode(
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
      `Authorization: Bearer ${await gateway.token("ann")}\r\n\r\n`,
  );
  for (let count = 0; count < 30; count++) {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: gateway.port });
    await connection.write(request);
  }
  const clients: GameClient[] = [];
  await until(async () => {
    clients.push(await player(gateway, `user${clients.length}`));
    return clients.length === 3;
  }, { what: "all places to be free", timeoutMs: 10_000, intervalMs: 100 });
  await Promise.all(clients.map((client) => client.close()));
  assert.equal(await gateway.stop(), 0);
});

/** How long after `startedAt` a watcher saw the user go offline, in ms. */
async function offlineAfter(watcher: GameClient, userId: string, startedAt: number) {
  await watcher.next("presence.updated", {
    where: ({ presences }) =>
      presences.some(({ user_id, status }) => user_id === userId && status === "offline"),
    timeoutMs: 15_000,
  });
  return performance.now() - startedAt;
}

Deno.test("a silent peer is dropped within two heartbeats", async () => {
  const env = { HEARTBEAT_INTERVAL_MS: "1000", PRESENCE_GRACE_MS: "0", PRESENCE_FLUSH_MS: "1" };
  await using gateway = await startGateway({ env });
  await using watcher = await player(gateway, "bob");
  const client = await player(gateway, "ann");
  assert.equal(client.welcome.heartbeat_interval_ms, 1000);
  client.socket.answersPings = false;
  const startedAt = performance.now();
  const tookMs = await offlineAfter(watcher, "ann", startedAt);
  console.log(`  a silent peer was offline after ${Math.round(tookMs)} ms`);
  assert.ok(tookMs > 900 && tookMs < 2500, `${tookMs} ms`);
  // Whoever answers the runtime's pings stays.
  assert.equal((await watcher.call<{ server_time: string }>("system.ping")).server_time.length, 24);
  const { code } = await client.closed;
  assert.ok([1001, 1006, 4410].includes(code), `${code}`);
});

for (const [when, afterMs] of [["at once", 0], ["behind a ping", 1200]] as const) {
  Deno.test(`a dead peer whose backlog builds up ${when} is dropped`, async () => {
    const env = {
      ...UNLIMITED,
      HEARTBEAT_INTERVAL_MS: "1000",
      PRESENCE_GRACE_MS: "0",
      SEND_QUEUE_BYTES: "50000000",
    };
    await using gateway = await startGateway({ env });
    await using writer = await player(gateway, "bob");
    const client = await player(gateway, "ann");
    client.socket.pause();
    client.socket.answersPings = false;
    const startedAt = performance.now();
    const offline = offlineAfter(writer, "ann", startedAt);
    await until(() => performance.now() - startedAt > afterMs, { what: "the runtime to ping" });
    const payload = "x".repeat(50_000);
    let sentAt = 0;
    // More than the kernel takes, and less than the limit.
    for (let batch = 0; batch < 10; batch++) {
      sentAt = performance.now() - startedAt;
      await Promise.all(
        Array.from(
          { length: 20 },
          () => writer.call("player.sendEvent", { to: { user_id: "ann" }, type: "big", payload }),
        ),
      );
    }
    const tookMs = await offline;
    console.log(`  a dead peer with a backlog was offline after ${Math.round(tookMs)} ms`);
    assert.ok(tookMs < sentAt + 2600, `${tookMs} ms`);
    client.socket.resume();
    // Which of the two noticed it depends on where the ping stood.
    const { code } = await client.closed;
    assert.ok([1001, 4410].includes(code), `${code}`);
  });
}
