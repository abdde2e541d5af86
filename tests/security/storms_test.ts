import assert from "node:assert/strict";
import { ErrorCode } from "../../src/protocol/errors.ts";
import type { SystemError } from "../../src/protocol/notifications.ts";
import { connect, open } from "../support/game_client.ts";
import type { GatewayProcess } from "../support/gateway.ts";
import {
  ENGINES,
  isLong,
  note,
  readMetric,
  residentMb,
  startGuarded,
  TIDY,
  untilOnly,
} from "./engines.ts";
import { sendRaw } from "./raw_http.ts";
import { watched } from "./watched.ts";

const STORM = isLong ? 5000 : 500;
/** Connections under way at once. */
const AT_ONCE = 20;

const STORM_ENV = { PRESENCE_GRACE_MS: "100", PRESENCE_AUTO_SUBSCRIBE: "none" };

/** How a client may leave. */
const WAYS: readonly ((gateway: GatewayProcess, token: string) => Promise<void>)[] = [
  async function withoutAWord({ port }) {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
  },
  async function amidTheHandshake({ port }) {
    await sendRaw(port, "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpg", { limitMs: 1 });
  },
  async function beforeTheAnswer({ port }, token) {
    const request = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n" +
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
      `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    await sendRaw(port, request, { limitMs: 0 });
  },
  async function beforeTheWelcome({ wsUrl }, token) {
    const client = await open(wsUrl, { token });
    client.abort();
    await client.closed;
  },
  async function afterTheWelcome({ wsUrl }, token) {
    const client = await connect(wsUrl, { token });
    client.abort();
    await client.closed;
  },
  async function politely({ wsUrl }, token) {
    await (await connect(wsUrl, { token })).close();
  },
  async function amidACall({ wsUrl }, token) {
    const client = await connect(wsUrl, { token });
    client.send({ jsonrpc: "2.0", id: 1, method: "presence.list", params: { limit: 500 } });
    await client.socket.flushed();
    client.abort();
    await client.closed;
  },
];

for (const engine of ENGINES) {
  Deno.test(`a storm of clients that come and go leaves nothing behind, engine ${engine}`, async () => {
    await using gateway = await startGuarded(engine, { ...STORM_ENV, ...TIDY });
    const tokens = await manyTokens(gateway);
    // What a first storm takes up is kept for the next one.
    await storm(gateway, tokens, STORM);
    await untilOnly(gateway, 0);
    const beforeMb = await residentMb(gateway);
    await storm(gateway, tokens, STORM);
    await untilOnly(gateway, 0);
    const afterMb = await residentMb(gateway);
    note(`a storm of ${STORM} on ${engine}`, { beforeMb, afterMb });
    assert.ok(afterMb - beforeMb < 40, `Memory grew from ${beforeMb} to ${afterMb} MB`);
    await using client = await connect(gateway.wsUrl, { token: await gateway.token("nobody") });
    const { total } = await client.call<{ total: number }>("presence.list");
    assert.equal(total, 1);
  });

  Deno.test(`a storm of clients that come and go delays nobody, engine ${engine}`, async () => {
    await using gateway = await startGuarded(engine, STORM_ENV);
    const tokens = await manyTokens(gateway);
    await watched(`a storm of ${STORM} on ${engine}`, gateway, async () => {
      const startedAtMs = performance.now();
      await storm(gateway, tokens, STORM);
      const perSecond = STORM / (performance.now() - startedAtMs) * 1000;
      note(`a storm of ${STORM} on ${engine}`, { perSecond });
      await untilOnly(gateway, 1);
    });
  });

  Deno.test(`a flood is refused, then closed with 4429, engine ${engine}`, async () => {
    await using gateway = await startGuarded(engine, { PRESENCE_GRACE_MS: "50" });
    await watched(`a flood on ${engine}`, gateway, async () => {
      await using client = await connect(gateway.wsUrl, { token: await gateway.token("eve") });
      for (let id = 1; id <= 580; id++) client.send({ jsonrpc: "2.0", id, method: "x" });
      await client.reply(580);
      // The last ones one by one: nothing may be on its way when the close frame comes.
      let why: SystemError | undefined;
      client.next("system.error").then((error) => why = error, () => {});
      for (let id = 581; why === undefined; id++) {
        client.send({ jsonrpc: "2.0", id, method: "x" });
        await client.reply(id).catch(() => {});
      }
      assert.equal(why.code, ErrorCode.rateLimited);
      const refusals = client.received.filter(({ error }) => error?.code === ErrorCode.rateLimited);
      assert.ok(refusals.length >= 499, `${refusals.length} were refused`);
      assert.equal((await client.closed).code, 4429);
      await untilOnly(gateway, 1);
    });
  });

  Deno.test(`a flood that does not stop ends, engine ${engine}`, async () => {
    await using gateway = await startGuarded(engine, { PRESENCE_GRACE_MS: "50" });
    const call = '{"jsonrpc":"2.0","id":1,"method":"presence.list","params":{"limit":500}}';
    await watched(`an endless flood on ${engine}`, gateway, async () => {
      const client = await connect(gateway.wsUrl, { token: await gateway.token("eve") });
      let isOver = false;
      const closed = client.closed.then(() => isOver = true);
      for (let sent = 0; sent < 200_000 && !isOver; sent += 100) {
        for (let index = 0; index < 100; index++) client.sendRaw(call);
        await client.socket.flushed();
        // So that the other side's words are read, too.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      client.abort();
      await closed;
      await untilOnly(gateway, 1);
    });
    const floods = await readMetric(gateway, 'waygate_disconnects_total{code="4429"}');
    assert.ok(floods >= 1);
  });
}

function manyTokens(gateway: GatewayProcess): Promise<string[]> {
  return Promise.all(Array.from({ length: 100 }, (_, index) => gateway.token(`u${index}`)));
}

async function storm(
  gateway: GatewayProcess,
  tokens: readonly string[],
  count: number,
): Promise<void> {
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < count) {
      const index = begun++;
      const leave = WAYS[index % WAYS.length];
      await leave?.(gateway, tokens[index % tokens.length] ?? "");
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
