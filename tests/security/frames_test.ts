import assert from "node:assert/strict";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { connect, type GameClient } from "../support/game_client.ts";
import { until } from "../support/wait.ts";
import { encodeFrame, type FrameToSend, Opcode } from "../support/web_socket_frames.ts";
import { ENGINES, note, peakMb, startGuarded, TIDY, untilOnly } from "./engines.ts";
import { openMute } from "./mute_client.ts";
import { watched } from "./watched.ts";

const PING = '{"jsonrpc":"2.0","id":1,"method":"system.ping"}';
const NO_UTF8 = Uint8Array.of(0x22, 0xc3, 0x28, 0xff, 0x22);

interface Violation {
  readonly frames: readonly FrameToSend[];
  /** Close code of engine `ws` (RFC 6455 §7.4.1). */
  readonly code: number;
}

const VIOLATIONS: Readonly<Record<string, Violation>> = {
  "a reserved bit": { frames: [{ opcode: 1, payload: PING, reserved: 0x40 }], code: 1002 },
  "all reserved bits": { frames: [{ opcode: 1, payload: PING, reserved: 0x70 }], code: 1002 },
  "an unknown data opcode": { frames: [{ opcode: 5, payload: PING }], code: 1002 },
  "an unknown control opcode": { frames: [{ opcode: 12 }], code: 1002 },
  "no mask": { frames: [{ opcode: 1, payload: PING, isMasked: false }], code: 1002 },
  "a fragmented ping": { frames: [{ opcode: Opcode.ping, isFinal: false }], code: 1002 },
  "a ping of 126 bytes": {
    frames: [{ opcode: Opcode.ping, payload: "a".repeat(126) }],
    code: 1002,
  },
  "a continuation of nothing": {
    frames: [{ opcode: Opcode.continuation, payload: PING }],
    code: 1002,
  },
  "a message within a message": {
    frames: [{ opcode: 1, payload: PING, isFinal: false }, { opcode: 1, payload: PING }],
    code: 1002,
  },
  "a close frame of one byte": { frames: [{ opcode: Opcode.close, payload: "a" }], code: 1002 },
  "a close frame with a code that must not be sent": {
    frames: [{ opcode: Opcode.close, payload: Uint8Array.of(0x03, 0xed) }],
    code: 1002,
  },
  "a text that is no UTF-8": { frames: [{ opcode: 1, payload: NO_UTF8 }], code: 1007 },
  "a text whose parts are no UTF-8": {
    frames: [
      { opcode: 1, payload: NO_UTF8.subarray(0, 2), isFinal: false },
      { opcode: 0, payload: NO_UTF8.subarray(2) },
    ],
    code: 1007,
  },
  "a close reason that is no UTF-8": {
    frames: [{ opcode: Opcode.close, payload: Uint8Array.of(0x03, 0xe8, 0xff) }],
    code: 1007,
  },
  "a binary message": { frames: [{ opcode: 2, payload: PING }], code: 1003 },
  "a frame that announces 1 GiB": {
    frames: [{ opcode: 1, payload: "a", announcedLength: 2 ** 30 }],
    code: 1009,
  },
  "a frame that announces 8 EiB": {
    frames: [{ opcode: 1, payload: "a", announcedLength: 2 ** 63 }],
    code: 1009,
  },
};

for (const engine of ENGINES) {
  Deno.test(`a breach of the protocol ends only its own connection, engine ${engine}`, async (t) => {
    await using gateway = await startGuarded(engine, { PRESENCE_GRACE_MS: "50" });
    await watched(`breaches of the protocol on ${engine}`, gateway, async () => {
      for (const [name, { frames, code }] of Object.entries(VIOLATIONS)) {
        await t.step(name, async () => {
          await using client = await connect(gateway.wsUrl, { token: await gateway.token("eve") });
          for (const frame of frames) client.socket.sendFrame(frame);
          if (engine === "deno" && name === "no mask") {
            // Deno's socket reads frames without a mask.
            assert.equal((await client.reply(1)).error, undefined);
            return;
          }
          const end = await client.closed;
          if (engine === "ws") assert.equal(end.code, code);
          assert.ok([1002, 1003, 1006, 1007, 1009].includes(end.code), `Closed with ${end.code}`);
        });
      }
      await untilOnly(gateway, 1);
    });
  });

  Deno.test(`a flood of pings is answered or cut off, engine ${engine}`, async () => {
    await using gateway = await startGuarded(engine, {});
    const ping = encodeFrame({ opcode: Opcode.ping, payload: "a".repeat(125) });
    const many = new Uint8Array(ping.length * 1000);
    for (let index = 0; index < 1000; index++) many.set(ping, index * ping.length);
    await watched(`a flood of pings on ${engine}`, gateway, async () => {
      await using client = await connect(gateway.wsUrl, { token: await gateway.token("eve") });
      for (let index = 0; index < 100; index++) client.socket.sendBytes(many);
      await client.socket.flushed();
      // Deno's socket answers them all.
      if (engine === "deno") client.abort();
      assert.ok([1006, 1008].includes((await client.closed).code));
    });
  });
}

Deno.test("engine ws ends a message that never ends, and memory stays where it was", async () => {
  await using gateway = await startGuarded("ws", { ...TIDY, PRESENCE_GRACE_MS: "50" });
  await watched("endless fragments on ws", gateway, async () => {
    const token = await gateway.token("eve");
    const attack = async (): Promise<void> => {
      await using client = await connect(gateway.wsUrl, { token });
      sendFragments(client, 100, 1_048_576);
      await client.socket.flushed();
      const { error } = await client.reply(null);
      assert.equal(error?.code, ErrorCode.tooLarge);
      assert.deepEqual(await client.closed, { code: 1009, reason: "message too large" });
    };
    // The first time a process does something it takes memory for it.
    await attack();
    const beforeMb = await peakMb(gateway, async () => {});
    const grownMb = await peakMb(gateway, attack);
    note("endless fragments on ws", { sentMb: 100, beforeMb, grownMb });
    assert.ok(grownMb - beforeMb < 20, `Memory grew from ${beforeMb} to ${grownMb} MB`);
    await untilOnly(gateway, 1);
  });
});

Deno.test("engine ws cuts off a client that sends on after it was closed", async () => {
  await using gateway = await startGuarded("ws", { ...TIDY, PRESENCE_GRACE_MS: "50" });
  await watched("sending on after 1009 on ws", gateway, async () => {
    const token = await gateway.token("eve");
    const { connection } = await openMute(gateway.port, token);
    const payload = new Uint8Array(65_536).fill(0x20);
    const fragment = encodeFrame({ opcode: Opcode.continuation, payload, isFinal: false });
    await connection.write(encodeFrame({ opcode: Opcode.text, payload, isFinal: false }));
    const startedAtMs = performance.now();
    let sent = 0;
    const grownMb = await peakMb(gateway, async () => {
      while (true) {
        const length = await connection.write(fragment).catch(() => 0);
        if (length === 0) break;
        sent += length;
      }
    });
    const tookMs = performance.now() - startedAtMs;
    connection.close();
    note("sending on after 1009 on ws", { sentMb: sent / 1e6, tookMs, grownMb });
    assert.ok(tookMs < 15_000, `It took ${tookMs} ms`);
    await untilOnly(gateway, 1);
  });
});

Deno.test("engine ws ends a message in thousands of fragments or pieces", async (t) => {
  await using gateway = await startGuarded("ws", {});
  const token = await gateway.token("eve");
  await t.step("fragments of one byte", async () => {
    await using client = await connect(gateway.wsUrl, { token });
    sendFragments(client, 2000, 1);
    assert.equal((await client.closed).code, 1008);
  });
  await t.step("a frame byte by byte", async () => {
    await using client = await connect(gateway.wsUrl, { token });
    client.socket.sendFrame({ opcode: 1, announcedLength: 60_000 });
    let isOver = false;
    const closed = client.closed.then((end) => {
      isOver = true;
      return end;
    });
    for (let sent = 0; sent < 10_000 && !isOver; sent++) {
      client.socket.sendBytes(Uint8Array.of(0x20));
      await client.socket.flushed();
      // A moment for the server, so that the byte is a piece of its own.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    assert.equal((await closed).code, 1008);
  });
});

Deno.test("engine deno survives a message of 600 MiB, and its sender is gone in time", async () => {
  await using gateway = await startGuarded("deno", {
    HEARTBEAT_INTERVAL_MS: "4000",
    PRESENCE_GRACE_MS: "50",
  });
  await watched("a message of 600 MiB on deno", gateway, async () => {
    await using client = await connect(gateway.wsUrl, { token: await gateway.token("eve") });
    for (let index = 0; index < 600; index++) {
      sendFragments(client, 1, 1_048_576, index > 0);
      await client.socket.flushed();
      // Some 200 MB a second: more than a network brings.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    client.socket.sendFrame({ opcode: Opcode.continuation });
    await until(async () => (await gateway.output()).includes("failed to allocate string"), {
      what: "the log to tell of the message",
      timeoutMs: 20_000,
    });
    const saidAtMs = performance.now();
    await untilOnly(gateway, 1);
    note("a message of 600 MiB on deno", { ghostMs: performance.now() - saidAtMs });
    client.abort();
    // The runtime copies what it has gathered again and again, and nothing else happens meanwhile.
  }, 3000);
});

/** Fragments of a text; the last one is never sent. */
function sendFragments(client: GameClient, count: number, bytes: number, isBegun = false): void {
  const payload = new Uint8Array(bytes).fill(0x20);
  for (let index = 0; index < count; index++) {
    const opcode = index > 0 || isBegun ? Opcode.continuation : Opcode.text;
    client.socket.sendFrame({ opcode, payload, isFinal: false });
  }
}
