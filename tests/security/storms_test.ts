import assert from "node:assert/strict";
import { Redis } from "@upstash/redis";
import { sharedBackends } from "../support/backends.ts";
import { connect, open } from "../support/game_client.ts";
import type { GatewayProcess } from "../support/gateway.ts";
import { startRedisRest } from "../support/servers/redis_rest_server.ts";
import { startRedis } from "../support/servers/redis_server.ts";
import { until } from "../support/wait.ts";
import { isLong, residentMb, startGuarded, testEngines, TIDY, untilOnly } from "./engines.ts";
import { sendRaw } from "./raw_http.ts";
import { watched } from "./watched.ts";

const { restUrl, restToken } = await sharedBackends();

const STORM = isLong ? 5000 : 300;
const WARM_UPS = isLong ? 2 : 1;
/** Connections under way at once. */
const AT_ONCE = 20;

/** Who has gone cannot resume, so that nothing is kept for it. */
const STORM_ENV = {
  PRESENCE_GRACE_MS: "100",
  PRESENCE_AUTO_SUBSCRIBE: "none",
  RESUME_WINDOW_MS: "1000",
};

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

testEngines("a storm of clients that come and go leaves nothing behind", async (engine) => {
  await using redisServer = await startRedis();
  await using rest = await startRedisRest({ redisUrl: redisServer.url });
  const redis = new Redis({ url: rest.url, token: rest.token, enableTelemetry: false });
  await using gateway = await startGuarded(engine, { ...STORM_ENV, ...TIDY }, {
    restUrl: rest.url,
    restToken: rest.token,
  });
  const tokens = await manyTokens(gateway);
  // What the first storms take up is kept for the next one.
  for (let times = 0; times < WARM_UPS; times++) await storm(gateway, tokens, STORM);
  await untilOnly(gateway, 0);
  const before = { mb: await residentMb(gateway), keys: await keysAtRest(redis) };
  await storm(gateway, tokens, STORM);
  await untilOnly(gateway, 0);
  assert.deepEqual(await keysAtRest(redis), before.keys);
  const afterMb = await residentMb(gateway);
  if (isLong) console.log(`After ${STORM} more on ${engine}: ${before.mb} MB, ${afterMb} MB`);
  assert.ok(afterMb - before.mb < 40, `Memory grew from ${before.mb} to ${afterMb} MB`);
  await using client = await connect(gateway.wsUrl, { token: await gateway.token("nobody") });
  const { total } = await client.call<{ total: number }>("presence.list");
  assert.equal(total, 1);
});

testEngines("a storm of clients that come and go delays nobody", async (engine) => {
  await using gateway = await startGuarded(engine, STORM_ENV, { restUrl, restToken });
  const tokens = await manyTokens(gateway);
  await watched("storm", engine, gateway, async () => {
    const startedAtMs = performance.now();
    await storm(gateway, tokens, STORM);
    const perSecond = STORM / (performance.now() - startedAtMs) * 1000;
    await untilOnly(gateway, 1);
    return `${STORM}, ${perSecond.toFixed(0)} a second: nothing is left`;
  });
});

/** What Redis holds once nobody is online and nobody can resume; users are remembered for longer. */
async function keysAtRest(redis: Redis): Promise<string[]> {
  return await until(async () => {
    const keys = await redis.keys("*");
    assert.ok(!keys.some((key) => /^session:|^presence:(online|sessions|index)/.test(key)));
    return keys.filter((key) => !key.startsWith("presence:user:")).toSorted();
  }, { what: "the sessions to go", timeoutMs: 20_000 });
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
