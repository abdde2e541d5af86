import assert from "node:assert/strict";
import { connect } from "../support/game_client.ts";
import { type FrameToSend, Opcode } from "../support/web_socket_frames.ts";
import { CASES } from "./cases.ts";
import { startGuarded, testEngines, untilOnly } from "./engines.ts";
import { watched } from "./watched.ts";

const PING = '{"jsonrpc":"2.0","id":1,"method":"system.ping"}';
const NO_UTF8 = Uint8Array.of(0x22, 0xc3, 0x28, 0xff, 0x22);

interface Violation {
  readonly frames: readonly FrameToSend[];
  /** Close code of engine `ws` (RFC 6455 §7.4.1). */
  readonly code: number;
}

const ANNOUNCEMENTS: Readonly<Record<string, Violation>> = {
  "a frame that announces 1 GiB": {
    frames: [{ opcode: 1, payload: "a", announcedLength: 2 ** 30 }],
    code: 1009,
  },
  "a frame that announces 8 EiB": {
    frames: [{ opcode: 1, payload: "a", announcedLength: 2 ** 63 }],
    code: 1009,
  },
};

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
};

const CASES_OF_FRAMES = { announced: ANNOUNCEMENTS, breaches: VIOLATIONS } as const;

for (const name of ["announced", "breaches"] as const) {
  testEngines(`${CASES[name]} end only their own connection`, async (engine) => {
    await using gateway = await startGuarded(engine, { PRESENCE_GRACE_MS: "50" });
    const token = await gateway.token("eve");
    await watched(name, engine, gateway, async () => {
      const codes = new Set<number>();
      for (const [what, violation] of Object.entries(CASES_OF_FRAMES[name])) {
        const { frames, code } = violation;
        const client = await connect(gateway.wsUrl, { token });
        for (const frame of frames) client.socket.sendFrame(frame);
        if (engine === "deno" && what === "no mask") {
          // Deno's socket reads frames without a mask.
          assert.equal((await client.reply(1)).error, undefined);
          client.abort();
          continue;
        }
        const end = await client.closed;
        if (engine === "ws") assert.equal(end.code, code, what);
        assert.ok([1002, 1003, 1006, 1007, 1009].includes(end.code), `${what}: ${end.code}`);
        codes.add(end.code);
      }
      await untilOnly(gateway, 1);
      return [...codes].toSorted().join(", ");
    });
  });
}
