import assert from "node:assert/strict";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { connect, type GameClient } from "../support/game_client.ts";
import { until } from "../support/wait.ts";
import { encodeFrame, Opcode } from "../support/web_socket_frames.ts";
import { isLong, peakMb, residentMb, startGuarded, TIDY, untilOnly } from "./engines.ts";
import { openMute } from "./mute_client.ts";
import { watched } from "./watched.ts";

const MIB = 1_048_576;

/** One fragment of a text of 600 MiB, in bytes: fewer, larger ones are quicker to bring. */
const GIANT_PART_BYTES = isLong ? MIB : 60 * MIB;
const GIANT_BYTES = 600 * MIB;

/** What a machine that is busy with other tests may take longer, in ms. */
const SLACK_MS = isLong ? 2000 : 15_000;

const ENV = { ...TIDY, PRESENCE_GRACE_MS: "50" };

Deno.test("engine ws ends a message that never ends, and memory stays where it was", async () => {
  await using gateway = await startGuarded("ws", ENV);
  const token = await gateway.token("eve");
  const attack = async (): Promise<void> => {
    await using client = await connect(gateway.wsUrl, { token });
    sendFragments(client, 100, MIB);
    await client.socket.flushed();
    const { error } = await client.reply(null);
    assert.equal(error?.code, ErrorCode.tooLarge);
    assert.deepEqual(await client.closed, { code: 1009, reason: "message too large" });
  };
  // The first time a process does something it takes memory for it.
  await attack();
  await watched("fragments", "ws", gateway, async () => {
    const beforeMb = await residentMb(gateway);
    const grewMb = await peakMb(gateway, attack) - beforeMb;
    assert.ok(grewMb < 20, `Memory grew by ${grewMb} MB`);
    await untilOnly(gateway, 1);
    return `1009; ${grewMb.toFixed(1)} MB more`;
  });
});

Deno.test("engine deno serves the others while a message never ends", async () => {
  await using gateway = await startGuarded("deno", ENV);
  const token = await gateway.token("eve");
  await watched("fragments", "deno", gateway, async () => {
    const beforeMb = await residentMb(gateway);
    const client = await connect(gateway.wsUrl, { token });
    sendFragments(client, 100, MIB);
    await client.socket.flushed();
    const grewMb = await residentMb(gateway) - beforeMb;
    client.abort();
    await client.closed;
    await untilOnly(gateway, 1);
    return `kept, ${grewMb.toFixed(0)} MB more, until it leaves`;
  }, { p99LimitMs: 500 });
});

Deno.test("engine ws cuts off a client that sends on after it was closed", async () => {
  await using gateway = await startGuarded("ws", { PRESENCE_GRACE_MS: "50" });
  const token = await gateway.token("eve");
  await watched("sendingOn", "ws", gateway, async () => {
    const { connection } = await openMute(gateway.port, token);
    const payload = new Uint8Array(65_536).fill(0x20);
    const fragment = encodeFrame({ opcode: Opcode.continuation, payload, isFinal: false });
    await connection.write(encodeFrame({ opcode: Opcode.text, payload, isFinal: false }));
    const startedAtMs = performance.now();
    const beforeMb = await residentMb(gateway);
    let sent = 0;
    const grewMb = await peakMb(gateway, async () => {
      while (true) {
        const length = await connection.write(fragment).catch(() => 0);
        if (length === 0) break;
        sent += length;
      }
    }) - beforeMb;
    const tookMs = performance.now() - startedAtMs;
    connection.close();
    assert.ok(tookMs < 5000 + SLACK_MS, `It took ${tookMs} ms`);
    // What was read in the second before it is cut off, and V8 has not collected yet: a part of it all.
    const limitMb = Math.max(150, sent / 1e6 / 2);
    assert.ok(grewMb < limitMb, `Memory grew by ${grewMb} of ${sent / 1e6} MB`);
    await untilOnly(gateway, 1);
    return `cut off after ${(tookMs / 1000).toFixed(1)} s, ${(sent / 1e6).toFixed(0)} MB`;
  });
});

Deno.test("engine ws ends a message in thousands of fragments or pieces", async () => {
  // The larger a message may be, the more pieces it may come in.
  await using gateway = await startGuarded("ws", {
    PRESENCE_GRACE_MS: "50",
    MAX_MESSAGE_BYTES: "4096",
  });
  const token = await gateway.token("eve");
  await watched("pieces", "ws", gateway, async () => {
    await using fragmenting = await connect(gateway.wsUrl, { token });
    sendFragments(fragmenting, 2000, 1);
    assert.equal((await fragmenting.closed).code, 1008);
    await using dripping = await connect(gateway.wsUrl, { token });
    await drip(dripping, 3000);
    assert.equal((await dripping.closed).code, 1008);
    return "1008";
  });
});

Deno.test("engine ws ends a message of 600 MiB at its first bytes", async () => {
  await using gateway = await startGuarded("ws", { PRESENCE_GRACE_MS: "50" });
  const token = await gateway.token("eve");
  await watched("giant", "ws", gateway, async () => {
    await using client = await connect(gateway.wsUrl, { token });
    const closed = client.closed;
    let isOver = false;
    closed.then(() => isOver = true);
    for (let sent = 0; sent < GIANT_BYTES && !isOver; sent += MIB) {
      sendFragments(client, 1, MIB, sent > 0);
      await client.socket.flushed();
    }
    assert.equal((await closed).code, 1009);
    return "1009";
  });
});

Deno.test("engine deno survives a message of 600 MiB, and its sender is gone in time", async () => {
  const intervalMs = isLong ? 4000 : 1000;
  await using gateway = await startGuarded("deno", {
    HEARTBEAT_INTERVAL_MS: `${intervalMs}`,
    PRESENCE_GRACE_MS: "50",
  });
  const token = await gateway.token("eve");
  await watched("giant", "deno", gateway, async () => {
    await using client = await connect(gateway.wsUrl, { token });
    for (let sent = 0; sent < GIANT_BYTES; sent += GIANT_PART_BYTES) {
      sendFragments(client, 1, GIANT_PART_BYTES, sent > 0);
      await client.socket.flushed();
      // In the long form some 200 MB a second: more than a network brings.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    client.socket.sendFrame({ opcode: Opcode.continuation });
    await until(async () => (await gateway.output()).includes("failed to allocate string"), {
      what: "the log to tell of the message",
      timeoutMs: 30_000,
    });
    const saidAtMs = performance.now();
    await untilOnly(gateway, 1);
    const ghostMs = performance.now() - saidAtMs;
    assert.ok(ghostMs < 2 * intervalMs + SLACK_MS, `Its sender was there for ${ghostMs} ms`);
    client.abort();
    return `survived; its sender is gone ${(ghostMs / 1000).toFixed(1)} s later`;
    // The runtime copies what it has gathered again and again, and nothing else happens meanwhile.
  }, { p99LimitMs: isLong ? 3000 : 15_000 });
});

/** Fragments of a text; the last one is never sent. */
function sendFragments(client: GameClient, count: number, bytes: number, isBegun = false): void {
  const payload = new Uint8Array(bytes).fill(0x20);
  for (let index = 0; index < count; index++) {
    const opcode = index > 0 || isBegun ? Opcode.continuation : Opcode.text;
    client.socket.sendFrame({ opcode, payload, isFinal: false });
  }
}

/** Sends a frame byte by byte, for as long as somebody reads. */
async function drip(client: GameClient, count: number): Promise<void> {
  client.socket.sendFrame({ opcode: Opcode.text, announcedLength: 4000 });
  let isOver = false;
  client.closed.then(() => isOver = true);
  for (let sent = 0; sent < count && !isOver; sent++) {
    client.socket.sendBytes(Uint8Array.of(0x20));
    await client.socket.flushed();
    // A moment for the server, so that the byte is a piece of its own.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
