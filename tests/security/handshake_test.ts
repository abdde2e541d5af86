import assert from "node:assert/strict";
import { createWsEngine } from "../../src/gateway/socket_ws.ts";
import { readConfig } from "../../src/config.ts";
import { serveGateway } from "../gateway/local_gateway.ts";
import { until } from "../support/wait.ts";
import { isLong, readMetric, residentMb, startGuarded, testEngines } from "./engines.ts";
import { sendRaw } from "./raw_http.ts";
import { watched } from "./watched.ts";

const HALF = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ";
const WHOLE = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/** Handshakes that stay half done at once. */
const COUNT = isLong ? 2000 : 200;

const HANDSHAKE_TIMEOUT_MS = 400;

const engine = createWsEngine({
  ...readConfig({ MAX_CONNECTIONS: "10" }, { development: true }),
  handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
});

/** Twice the time, for the check that comes four times in it, and time for a busy machine. */
const LIMIT_MS = HANDSHAKE_TIMEOUT_MS * 2 + 2000;

Deno.test("engine ws cuts off handshakes that do not finish in time", async (t) => {
  await using local = await serveGateway({ engine });
  const port = Number(new URL(local.url).port);
  const slow: Readonly<Record<string, [string, number?]>> = {
    "nothing at all": [""],
    "half a header": [HALF],
    "a byte now and then": [HALF + "x".repeat(1000), 40],
  };
  for (const [name, [bytes, dripMs]] of Object.entries(slow)) {
    await t.step(name, async () => {
      const options = { limitMs: LIMIT_MS * 2, ...(dripMs === undefined ? {} : { dripMs }) };
      const { isEnded, tookMs } = await sendRaw(port, bytes, options);
      assert.ok(isEnded);
      assert.ok(tookMs < LIMIT_MS, `It took ${tookMs} ms`);
    });
  }
});

Deno.test("engine ws takes only so many connections at once", async () => {
  const few = createWsEngine({
    ...readConfig({ MAX_CONNECTIONS: "10" }, { development: true }),
    spareConnections: 20,
  });
  await using local = await serveGateway({ engine: few });
  const port = Number(new URL(local.url).port);
  const opened: Deno.Conn[] = [];
  for (let index = 0; index < 30; index++) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode(HALF));
    opened.push(connection);
  }
  try {
    const refused = await sendRaw(port, WHOLE);
    assert.equal(refused.status, 0);
    assert.ok(refused.isEnded);
  } finally {
    for (const connection of opened) connection.close();
  }
  await until(async () => (await sendRaw(port, WHOLE)).status === 200, {
    what: "an answer after the others have gone",
  });
});

testEngines("half-open handshakes keep nobody else out", async (name) => {
  await using gateway = await startGuarded(name, {});
  const beforeMb = await residentMb(gateway);
  const connections: Deno.Conn[] = [];
  await watched("handshakes", name, gateway, async () => {
    try {
      for (let index = 0; index < COUNT; index++) {
        const connection = await Deno.connect({ hostname: "127.0.0.1", port: gateway.port });
        await connection.write(new TextEncoder().encode(HALF));
        connections.push(connection);
      }
      const { status } = await sendRaw(gateway.port, WHOLE);
      assert.equal(status, 200);
      assert.equal(await readMetric(gateway, "waygate_connections"), 1);
      const grewMb = await residentMb(gateway) - beforeMb;
      assert.ok(grewMb < 20 + COUNT * 0.05, `Memory grew by ${grewMb} MB`);
      return `${COUNT} at once, ${grewMb.toFixed(0)} MB; others get in`;
    } finally {
      for (const connection of connections.splice(0)) connection.close();
    }
  });
});
