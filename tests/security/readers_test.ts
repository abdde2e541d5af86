import assert from "node:assert/strict";
import { sharedBackends } from "../support/backends.ts";
import { connect, type GameClient } from "../support/game_client.ts";
import {
  ENGINES,
  isLong,
  note,
  peakMb,
  readMetric,
  residentMb,
  startGuarded,
  TIDY,
  untilOnly,
} from "./engines.ts";
import { watched } from "./watched.ts";

const { natsUrl } = await sharedBackends();

/** Payload of one event, in bytes. */
const EVENT_BYTES = 50_000;

/** What is meant for the client that never reads, in bytes. */
const MEANT_BYTES = isLong ? 100_000_000 : 20_000_000;

for (const engine of ENGINES) {
  Deno.test(`a client that never reads is closed with 4408 and costs no memory, engine ${engine}`, async () => {
    await using gateway = await startGuarded(engine, {
      RATE_LIMIT_MESSAGES: "0",
      PRESENCE_AUTO_SUBSCRIBE: "none",
      PRESENCE_GRACE_MS: "50",
      ...TIDY,
    }, { natsUrl });
    await watched(`a client that never reads, ${engine}`, gateway, async () => {
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
      note(`a client that never reads, ${engine}`, {
        beforeMb,
        grownMb,
        received: victim.frames.reduce((sum, frame) => sum + frame.length, 0),
      });
      assert.deepEqual(end, { code: 4408, reason: "too slow a reader" });
      assert.ok(grownMb - beforeMb < 20, `Memory grew from ${beforeMb} to ${grownMb} MB`);
    });
  });

  Deno.test(`a client that asks and never reads is closed with 4408, engine ${engine}`, async () => {
    await using gateway = await startGuarded(engine, {
      RATE_LIMIT_MESSAGES: "0",
      PRESENCE_AUTO_SUBSCRIBE: "none",
      HEARTBEAT_INTERVAL_MS: "60000",
    });
    const client = await connect(gateway.wsUrl, { token: await gateway.token("eve") });
    client.socket.pause();
    const echo = { x: "a".repeat(EVENT_BYTES) };
    const text = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "system.ping", params: echo });
    for (let sent = 0; sent < MEANT_BYTES; sent += EVENT_BYTES) client.sendRaw(text);
    await untilOnly(gateway, 0);
    assert.equal(await readMetric(gateway, 'waygate_disconnects_total{code="4408"}'), 1);
    client.abort();
    await client.closed;
  });

  Deno.test(`a peer that answers no ping is dropped within two heartbeats, engine ${engine}`, async () => {
    const intervalMs = 1000;
    await using gateway = await startGuarded(engine, {
      HEARTBEAT_INTERVAL_MS: `${intervalMs}`,
      PRESENCE_GRACE_MS: "50",
    });
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
    note(`a silent peer, ${engine}`, { code, tookMs });
    assert.equal(code, engine === "ws" ? 4410 : 1001);
    // Two intervals and time for the machine; the other one, who answers pings, stays.
    assert.ok(tookMs < intervalMs * 2 + 1500, `It took ${tookMs} ms`);
    assert.ok(tookMs >= intervalMs, `It took ${tookMs} ms`);
    await friend.call("system.ping", {});
  });

  Deno.test(`a peer that vanished under a backlog is dropped, too, engine ${engine}`, async () => {
    await using gateway = await startGuarded(engine, {
      RATE_LIMIT_MESSAGES: "0",
      HEARTBEAT_INTERVAL_MS: "500",
      SEND_QUEUE_BYTES: "100000000",
      PRESENCE_AUTO_SUBSCRIBE: "none",
    });
    await using sender = await connect(gateway.wsUrl, { token: await gateway.token("sender") });
    const victim = await connect(gateway.wsUrl, { token: await gateway.token("victim") });
    victim.socket.pause();
    await sendEvents(sender, "victim", 10_000_000);
    await untilOnly(gateway, 1);
    victim.abort();
    await victim.closed;
  });
}

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
