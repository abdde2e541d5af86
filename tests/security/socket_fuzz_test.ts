import assert from "node:assert/strict";
import fc from "fast-check";
import { connect } from "../support/game_client.ts";
import type { GatewayProcess } from "../support/gateway.ts";
import { encodeFrame, type FrameToSend } from "../support/web_socket_frames.ts";
import { isLong, startGuarded, testEngines, untilOnly } from "./engines.ts";
import { sendRaw } from "./raw_http.ts";
import { watched } from "./watched.ts";

const numRuns = isLong ? 500 : 60;

/** How long the answer to a close frame is waited for, in ms. */
const PATIENCE_MS = 200;

const text = fc.oneof(
  fc.constantFrom(
    '{"jsonrpc":"2.0","id":"f","method":"system.ping"}',
    '{"jsonrpc":"2.0","id":"f","method":"rpc.discover"}',
    '{"jsonrpc":"2.0","id":"f","method":"presence.list","params":{}}',
    '{"jsonrpc":"2.0","id":"f","method":"session.resume","params":{"session_id":"x","last_seq":0}}',
  ),
  fc.json(),
  fc.string({ unit: "binary" }),
);

const frame: fc.Arbitrary<FrameToSend> = fc.record({
  opcode: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, 1, 8, 9, 10) }, fc.nat(15)),
  isFinal: fc.boolean(),
  isMasked: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, fc.boolean()),
  reserved: fc.oneof(
    { weight: 9, arbitrary: fc.constant(0) },
    fc.constantFrom(0x10, 0x20, 0x40, 0x70),
  ),
  payload: fc.oneof(text, fc.uint8Array({ maxLength: 300 })),
});

const announcing = fc.tuple(frame, fc.maxSafeNat())
  .map(([given, announcedLength]): FrameToSend => ({ ...given, announcedLength }));

const bytes = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: frame.map(encodeFrame) },
    { weight: 1, arbitrary: announcing.map(encodeFrame) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
  ),
  { maxLength: 12 },
);

const head = fc.array(
  fc.oneof(
    fc.constantFrom(
      "GET /ws HTTP/1.1\r\n",
      "Host: 127.0.0.1\r\n",
      "Upgrade: websocket\r\n",
      "Connection: Upgrade\r\n",
      "Sec-WebSocket-Version: 13\r\n",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
      "Content-Length: 3\r\n",
      "Transfer-Encoding: chunked\r\n",
      "\r\n",
    ),
    fc.string({ unit: "binary", maxLength: 40 }),
  ),
  { maxLength: 16 },
).map((parts) => new TextEncoder().encode(parts.join("")));

testEngines("whatever bytes come, the process lives and the others play on", async (engine) => {
  await using gateway = await startGuarded(engine, { PRESENCE_GRACE_MS: "50" });
  const token = await gateway.token("fuzz");
  await watched("fuzzedSockets", engine, gateway, async () => {
    await fc.assert(
      fc.asyncProperty(bytes, fc.boolean(), (parts, isCut) => send(gateway, token, parts, isCut)),
      { numRuns },
    );
    await fc.assert(
      fc.asyncProperty(head, async (sent) => {
        const { status } = await sendRaw(gateway.port, sent, { limitMs: 20 });
        assert.ok(status !== 101 && status < 500);
      }),
      { numRuns },
    );
    await untilOnly(gateway, 1);
    return `${numRuns} connections, ${numRuns} handshakes: the process lives`;
  });
  const errors = (await gateway.output()).split("\n")
    .filter((line) => /"(Unhandled rejection|Uncaught error)"/.test(line));
  assert.deepEqual(errors, []);
});

testEngines("whatever text comes, the next call gets its answer", async (engine) => {
  await using gateway = await startGuarded(engine, {
    RATE_LIMIT_MESSAGES: "0",
    PRESENCE_AUTO_SUBSCRIBE: "none",
  });
  const token = await gateway.token("fuzz");
  await watched("fuzzedMessages", engine, gateway, async () => {
    await using client = await connect(gateway.wsUrl, { token });
    await fc.assert(
      fc.asyncProperty(text, async (sent) => {
        client.sendRaw(sent);
        assert.deepEqual(Object.keys(await client.call<object>("system.ping")), ["server_time"]);
      }),
      { numRuns: numRuns * 4 },
    );
    return `${numRuns * 4} texts: the next call is answered`;
  });
});

async function send(
  gateway: GatewayProcess,
  token: string,
  parts: readonly Uint8Array<ArrayBuffer>[],
  isCut: boolean,
): Promise<void> {
  const client = await connect(gateway.wsUrl, { token });
  for (const part of parts) client.socket.sendBytes(part);
  await client.socket.flushed();
  // A close frame may have become part of what an earlier frame announced: nobody answers that.
  const patience = setTimeout(() => client.abort(), isCut ? 0 : PATIENCE_MS);
  if (!isCut) client.socket.close();
  await client.closed;
  clearTimeout(patience);
}
