import { strict as assert } from "node:assert";
import { generateKeyPairSync } from "node:crypto";
import { readConfig } from "../../src/config.ts";
import { DEVELOPMENT_SECRET } from "../../src/token_key.ts";
import { signToken } from "../../src/development_tokens.ts";
import { createGateway } from "../../src/gateway.ts";
import { connect } from "../support/game_client.ts";
import { until } from "../support/wait.ts";
import { KeySetServer } from "./key_set_server.ts";
import { LinkedEngine, upgradeRequest } from "./linked_engine.ts";
import { serveGateway } from "./local_gateway.ts";
import { refusal } from "./refusal.ts";
import { signWith } from "./tokens.ts";

Deno.test("a full node turns clients away until one leaves", async () => {
  await using local = await serveGateway({ env: { MAX_CONNECTIONS: "2" } });
  await using _ann = await local.player("ann");
  const bob = await local.player("bob");
  const token = await local.token("cid");
  const { status, headers, code, data } = await refusal(local, { token });
  assert.deepEqual({ status, code, data }, {
    status: 503,
    code: -32004,
    data: { part: "gateway", reason: "full" },
  });
  assert.match(headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  await bob.close();
  await until(async () => {
    await using client = await local.player("cid");
    return client.welcome.user_id === "cid";
  }, { what: "a free place" });
});

Deno.test("MAX_CONNECTIONS holds when many connect at once", async () => {
  await using local = await serveGateway({ env: { MAX_CONNECTIONS: "10" } });
  const attempts = await Promise.allSettled(
    Array.from({ length: 60 }, (_, index) => local.player(`user${index}`)),
  );
  const clients = attempts.filter((attempt) => attempt.status === "fulfilled")
    .map((attempt) => attempt.value);
  for (const attempt of attempts) {
    if (attempt.status === "rejected") assert.equal(attempt.reason.status, 503);
  }
  assert.equal(clients.length, 10);
  await Promise.all(clients.map((client) => client.close()));
});

Deno.test("a draining node turns clients away", async () => {
  const local = await serveGateway();
  const token = await local.token("ann");
  const draining = local.gateway.drain();
  const { status, headers, data } = await refusal(local, { token });
  assert.equal(status, 503);
  assert.match(headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  assert.deepEqual(data, { part: "gateway", reason: "draining" });
  await draining;
  await local[Symbol.asyncDispose]();
});

Deno.test("MAX_CONNECTIONS holds when many wait for the key of their tokens", async () => {
  await using keySet = new KeySetServer();
  const keys = generateKeyPairSync("ed25519");
  keySet.publish(keys, { kid: "k" });
  keySet.hold();
  const env = { JWT_JWKS_URL: keySet.url, MAX_CONNECTIONS: "3" };
  await using local = await serveGateway({ env });
  const token = await signWith(keys.privateKey, "EdDSA", "k");
  const attempts = Array.from({ length: 10 }, () => connect(local.wsUrl, { token }));
  const settled = Promise.allSettled(attempts);
  await until(() => keySet.requests > 0, { what: "the gateway to ask for the key" });
  keySet.release();
  const clients = (await settled).filter((attempt) => attempt.status === "fulfilled");
  assert.equal(clients.length, 3);
  await Promise.all(clients.map(({ value }) => value.close()));
});

Deno.test("a client whose socket opens after the drain began is seen off, too", async () => {
  const { engine, waiting } = new LinkedEngine();
  const config = readConfig({}, { development: true });
  const gateway = await createGateway({ config, engine });
  await gateway.start();
  const terms = { secret: DEVELOPMENT_SECRET, issuer: undefined, audience: undefined };
  const token = await signToken({ sub: "ann", ttl_s: 60 }, terms);
  for (let count = 0; count < 2; count++) await gateway.fetch(upgradeRequest(token));
  const inTime = waiting[0]?.();
  await until(() => inTime?.frames.length === 1, { what: "the welcome" });
  const draining = gateway.drain();
  const late = waiting[1]?.();
  await draining;
  for (const client of [inTime, late]) {
    assert.equal(client?.messages.at(-1)?.["method"], "system.shutdown");
    assert.deepEqual(client?.closed, { code: 1012, reason: "restart" });
  }
});
