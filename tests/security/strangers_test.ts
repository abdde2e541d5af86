import assert from "node:assert/strict";
import { AUDIENCE, BAD_TOKENS, ISSUER, SECRET } from "../gateway/tokens.ts";
import { connect, HandshakeError, open } from "../support/game_client.ts";
import type { GatewayProcess } from "../support/gateway.ts";
import { until } from "../support/wait.ts";
import { readMetric, startGuarded, testEngines } from "./engines.ts";
import { openMute } from "./mute_client.ts";
import { watched } from "./watched.ts";

/** Origins that look like `https://game.example`, the only one that is allowed. */
const FOREIGN: readonly string[] = [
  "https://evil.example",
  "http://game.example",
  "https://game.example:8443",
  "https://game.example.evil.example",
  "https://evil-game.example",
  "https://sub.game.example",
  "https://game.example@evil.example",
  "https://evil.example/https://game.example",
  "https://game.example, https://evil.example",
  "https://gаme.example",
  "null",
  "*",
  "file://",
  "",
];

const TERMS = { JWT_SECRET: SECRET, JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE };

/** Not those that become good with time, or that no header can hold. */
const LASTING = BAD_TOKENS.filter(({ token, reason }) =>
  reason !== "not_yet_valid" && /^[\x21-\x7e]+$/.test(token)
);

/** The status of a handshake with such headers. */
async function statusOf(
  { wsUrl }: GatewayProcess,
  token: string,
  headers: Record<string, string>,
): Promise<number> {
  try {
    const client = await open(wsUrl, { token, headers });
    await client.close();
    return 101;
  } catch (error) {
    if (error instanceof HandshakeError) return error.status;
    throw error;
  }
}

testEngines("a page of another site cannot connect, even with a good token", async (engine) => {
  await using gateway = await startGuarded(engine, { ALLOWED_ORIGINS: "https://game.example" });
  const token = await gateway.token("ann");
  await watched("origins", engine, gateway, async () => {
    for (const origin of FOREIGN) {
      assert.equal(await statusOf(gateway, token, { Origin: origin }), 403, origin);
    }
    assert.equal(await statusOf(gateway, token, { Origin: "https://game.example" }), 101);
    return `403 for all ${FOREIGN.length}`;
  });
  const refused = 'waygate_upgrades_refused_total{reason="origin"}';
  assert.ok(await readMetric(gateway, refused) >= FOREIGN.length);
});

testEngines("a doctored token opens nothing", async (engine) => {
  await using gateway = await startGuarded(engine, TERMS);
  await watched("tokens", engine, gateway, async () => {
    for (const { name, token, reason } of LASTING) {
      await assert.rejects(open(gateway.wsUrl, { token }), (error) => {
        assert.ok(error instanceof HandshakeError, name);
        assert.equal(error.status, 401, name);
        assert.equal(JSON.parse(error.body).error.data.reason, reason, name);
        return true;
      });
    }
    const [{ token } = { token: "" }] = LASTING;
    const client = await open(gateway.wsUrl, { token, via: "subprotocol" });
    client.send({ jsonrpc: "2.0", id: 1, method: "system.ping" });
    assert.equal((await client.closed).code, 4401);
    assert.ok(!client.received.some(({ id }) => id === 1));
    return `401 or 4401 for all ${LASTING.length}`;
  });
  assert.equal(await readMetric(gateway, "waygate_connects_total"), 1);
});

testEngines("strangers hold only so many sockets open", async (engine) => {
  await using gateway = await startGuarded(engine, {});
  await watched("refusals", engine, gateway, async () => {
    const connections: Deno.Conn[] = [];
    const attempt = async (): Promise<number> => {
      const { connection, status } = await openMute(gateway.port, "x.y.z", "subprotocol");
      connections.push(connection);
      return status;
    };
    // They neither answer the close frame nor leave.
    let held = 0;
    while (held < 1000 && await attempt() === 101) held++;
    assert.equal(held, 256);
    await using client = await connect(gateway.wsUrl, { token: await gateway.token("ann") });
    await client.call("system.ping", {});
    for (const connection of connections.splice(0)) connection.close();
    await until(async () => await attempt() === 101, { what: "room for the next one" });
    for (const connection of connections) connection.close();
    return `${held} closed with 4401, then 401`;
  });
});
