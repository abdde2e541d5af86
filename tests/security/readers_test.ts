import assert from "node:assert/strict";
import { sharedBackends } from "../support/backends.ts";
import { connect, type GameClient } from "../support/game_client.ts";
import {
  isLong,
  peakMb,
  readMetric,
  residentMb,
  startGuarded,
  testEngines,
  TIDY,
  untilOnly,
} from "./engines.ts";
import { watched } from "./watched.ts";

const { natsUrl } = await sharedBackends();

/** What a machine that is busy with other tests may take longer, in ms. */
const SLACK_MS = isLong ? 1500 : 8000;

/** Payload of one event, in bytes. */
const EVENT_BYTES = 50_000;

/** More than the kernel takes for a socket and its peer, in bytes. */
const BACKLOG_BYTES = 24_000_000;

/** What is meant for the client that never reads, in bytes. */
const MEANT_BYTES = isLong ? 100_000_000 : 15_000_000;

testEngines("a client that never reads is closed with 4408 and costs no memory", async (engine) => {
  await using gateway = await startGuarded(engine, {
    RATE_LIMIT_MESSAGES: "0",
    PRESENCE_AUTO_SUBSCRIBE: "none",
    PRESENCE_GRACE_MS: "50",
    ...TIDY,
  }, { natsUrl });
  await watched("neverReads", engine, gateway, async () => {
    await using sender = await connect(gateway.wsUrl, { token: await gateway.token("sender") });
    // As much to somebody who reads: what the work alone needs is no matter of this test.
    const reader = await connect(gateway.wsUrl, { token: await gateway.token("reader") });
    await sendEvents(sender, "reader");
    await reader.close();
    const beforeMb = await residentMb(gateway);

    const victim = await connect(gateway.wsUrl, { token: await gateway.token("victim") });
    victim.socket.pause();
    const sent = peakMb(gateway, () => sendEvents(sender, "victim"));
    // It is gone for everyone although it has not heard of it.
    await untilOnly(gateway, 2);
    victim.socket.resume();
    const why = await victim.next("system.error");
    assert.deepEqual(why.data, { close_code: 4408 });
    const end = await victim.closed;
    const grownMb = await sent;
    assert.deepEqual(end, { code: 4408, reason: "too slow a reader" });
    assert.ok(grownMb - beforeMb < 20, `Memory grew from ${beforeMb} to ${grownMb} MB`);
    return `4408; ${(grownMb - beforeMb).toFixed(1)} MB more`;
  });
});

testEngines("a client that asks and never reads is closed", async (engine) => {
  await using gateway = await startGuarded(engine, {
    PRESENCE_AUTO_SUBSCRIBE: "none",
    PRESENCE_GRACE_MS: "50",
    HEARTBEAT_INTERVAL_MS: "60000",
  });
  const echo = { x: "a".repeat(EVENT_BYTES) };
  const text = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "system.ping", params: echo });
  let times = 0;
  await watched("asksOnly", engine, gateway, async () => {
    const client = await connect(gateway.wsUrl, { token: await gateway.token("eve") });
    client.socket.pause();
    for (let sent = 0; sent < 1000; sent++) client.sendRaw(text);
    await untilOnly(gateway, 1);
    client.abort();
    await client.closed;
    const [slow, flooding] = await Promise.all([
      readMetric(gateway, 'waygate_disconnects_total{code="4408"}'),
      readMetric(gateway, 'waygate_disconnects_total{code="4429"}'),
    ]);
    assert.equal(slow + flooding, ++times);
    return slow === 0 ? "4429" : flooding === 0 ? "4408" : "4408 or 4429";
    // So much comes at once that each connection costs a tenth of a second.
  }, { p99LimitMs: 500 });
});

testEngines("a peer that answers no ping is dropped within two heartbeats", async (engine) => {
  const intervalMs = 1000;
  await using gateway = await startGuarded(engine, {
    HEARTBEAT_INTERVAL_MS: `${intervalMs}`,
    PRESENCE_GRACE_MS: "50",
  });
  await watched("silent", engine, gateway, async () => {
    await using friend = await connect(gateway.wsUrl, { token: await gateway.token("friend") });
    await using silent = await connect(gateway.wsUrl, { token: await gateway.token("silent") });
    silent.socket.answersPings = false;
    const startedAtMs = performance.now();
    const { code } = await silent.closed;
    const tookMs = performance.now() - startedAtMs;
    await friend.next("presence.updated", {
      where: ({ presences }) =>
        presences.some(({ user_id, status }) => user_id === "silent" && status === "offline"),
    });
    assert.equal(code, engine === "ws" ? 4410 : 1001);
    // Two intervals and time for the machine; the other one, who answers pings, stays.
    assert.ok(tookMs < intervalMs * 2 + SLACK_MS, `It took ${tookMs} ms`);
    assert.ok(tookMs >= intervalMs, `It took ${tookMs} ms`);
    await friend.call("system.ping", {});
    return `${code} after ${(tookMs / intervalMs).toFixed(1)} heartbeats`;
  });
});

testEngines("a peer that vanished under a backlog is dropped, too", async (engine) => {
  const intervalMs = 1500;
  await using gateway = await startGuarded(engine, {
    RATE_LIMIT_MESSAGES: "0",
    HEARTBEAT_INTERVAL_MS: `${intervalMs}`,
    SEND_QUEUE_BYTES: "100000000",
    PRESENCE_AUTO_SUBSCRIBE: "none",
  });
  await watched("vanished", engine, gateway, async () => {
    await using sender = await connect(gateway.wsUrl, { token: await gateway.token("sender") });
    const victim = await connect(gateway.wsUrl, { token: await gateway.token("victim") });
    victim.socket.pause();
    const startedAtMs = performance.now();
    await sendEvents(sender, "victim", BACKLOG_BYTES);
    await untilOnly(gateway, 2);
    const tookMs = performance.now() - startedAtMs;
    victim.abort();
    await victim.closed;
    return `gone after ${(tookMs / intervalMs).toFixed(1)} heartbeats`;
  });
});

/** Sends events one after another, so that nothing but the addressee's connection can fill. */
async function sendEvents(
  sender: GameClient,
  userId: string,
  bytes = MEANT_BYTES,
): Promise<void> {
  const payload = "a".repeat(EVENT_BYTES);
  for (let sent = 0; sent < bytes; sent += EVENT_BYTES) {
    await sender.call("player.sendEvent", { to: { user_id: userId }, type: "x", payload });
  }
}
