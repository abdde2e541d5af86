import { strict as assert } from "node:assert";
import { decodeJwt } from "jose";
import { createMemoryBus } from "../../src/bus/bus_memory.ts";
import type { BusStatus } from "../../src/bus/bus.ts";
import { connect } from "../support/game_client.ts";
import { until } from "../support/wait.ts";
import { type LocalGateway, serveGateway } from "./local_gateway.ts";

async function get(
  local: LocalGateway,
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; headers: Headers; text: string }> {
  const response = await fetch(`${local.url}${path}`, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

/** The error of an answer; checks the shape that every HTTP error has. */
function errorOf({ headers, text }: { headers: Headers; text: string }) {
  assert.match(headers.get("content-type") ?? "", /^application\/json/);
  const body = JSON.parse(text);
  assert.deepEqual(Object.keys(body), ["error"]);
  assert.ok(Number.isInteger(body.error.code));
  assert.equal(typeof body.error.message, "string");
  return body.error;
}

Deno.test("GET /healthz says ok", async () => {
  await using local = await serveGateway();
  const { status, text } = await get(local, "/healthz");
  assert.deepEqual([status, JSON.parse(text)], [200, { status: "ok" }]);
});

Deno.test("GET /readyz welcomes clients until the drain", async () => {
  const local = await serveGateway();
  assert.equal((await get(local, "/readyz")).status, 200);
  const draining = local.gateway.drain();
  const answer = await get(local, "/readyz");
  assert.equal(answer.status, 503);
  const { code, data } = errorOf(answer);
  assert.equal(code, -32004);
  assert.deepEqual(Object.keys(data), ["draining"]);
  assert.equal((await get(local, "/healthz")).status, 200);
  await draining;
  await local[Symbol.asyncDispose]();
});

Deno.test("GET /readyz gives a reason for each part that fails", async () => {
  const memory = createMemoryBus();
  let status: BusStatus = "connected";
  const bus = new Proxy(memory, {
    get: (target, name: keyof typeof memory) => {
      if (name === "status") return status;
      const value = target[name];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  await using local = await serveGateway({ bus });
  status = "disconnected";
  const answer = await get(local, "/readyz");
  assert.equal(answer.status, 503);
  assert.deepEqual(Object.keys(errorOf(answer).data), ["nats"]);
  status = "connected";
  assert.equal((await get(local, "/readyz")).status, 200);
});

Deno.test("what is nowhere to be found is answered in the shape of every error", async () => {
  await using local = await serveGateway({ env: { LOBBY: "off" } });
  const paths = ["/nothing", "/ws/", "/WS", "/healthz/x", "/%00", "/..%2f", "/dev/token", "/"];
  for (const path of paths) {
    const answer = await get(local, path);
    assert.equal(answer.status, 404, path);
    assert.deepEqual(errorOf(answer), { code: -32006, message: "Not found" });
  }
  const post = await get(local, "/healthz", { method: "POST", body: "x" });
  assert.equal(post.status, 404);
  assert.equal(errorOf(post).code, -32006);
});

Deno.test("POST /dev/token signs a token that the gateway accepts", async () => {
  const env = { JWT_ISSUER: "iss", JWT_AUDIENCE: "aud" };
  await using local = await serveGateway({ env });
  const body = { sub: "ann", name: "Ann", scope: "admin moderator", ttl_s: 60 };
  const answer = await get(local, "/dev/token", { method: "POST", body: JSON.stringify(body) });
  assert.equal(answer.status, 200);
  const { token } = JSON.parse(answer.text);
  const { iat = 0, exp = 0, ...claims } = decodeJwt(token);
  assert.equal(exp - iat, 60);
  assert.deepEqual(claims, {
    sub: "ann",
    name: "Ann",
    scope: "admin moderator",
    iss: "iss",
    aud: "aud",
  });
  await using _ = await connect(local.wsUrl, { token });
});

Deno.test("POST /dev/token refuses what is no request for a token", async () => {
  await using local = await serveGateway();
  const bodies = [
    "",
    "nonsense",
    "null",
    "[]",
    "{}",
    '{"sub":""}',
    '{"sub":5}',
    '{"sub":"ann","ttl_s":0}',
    '{"sub":"ann","ttl_s":1.5}',
    JSON.stringify({ sub: "x".repeat(129) }),
    JSON.stringify({ sub: "ann", scope: "x".repeat(20_000) }),
  ];
  for (const body of bodies) {
    const answer = await get(local, "/dev/token", { method: "POST", body });
    assert.equal(answer.status, 400, body.slice(0, 30));
    const { code, data } = errorOf(answer);
    assert.equal(code, -32600);
    assert.ok(Array.isArray(data.issues) && data.issues.length > 0);
  }
});

Deno.test("METRICS_TOKEN guards /metrics", async () => {
  await using open = await serveGateway();
  assert.equal((await get(open, "/metrics")).status, 200);
  await using local = await serveGateway({ env: { METRICS_TOKEN: "let-me-see" } });
  const cases: [string | undefined, string][] = [
    [undefined, "missing"],
    ["let-me-see", "missing"],
    ["Bearer", "missing"],
    ["Basic x", "missing"],
    ["Bearer let-me", "signature"],
  ];
  for (const [authorization, reason] of cases) {
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await get(local, "/metrics", { headers });
    assert.equal(answer.status, 401, authorization);
    const { code, data } = errorOf(answer);
    assert.deepEqual({ code, data }, { code: -32001, data: { reason } }, authorization);
    assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer/);
  }
  const seen = await get(local, "/metrics", { headers: { authorization: "Bearer let-me-see" } });
  assert.equal(seen.status, 200);
});

Deno.test("GET /metrics counts without a user, a session or a method that nobody defined", async () => {
  await using local = await serveGateway({ env: { RATE_LIMIT_MESSAGES: "0" } });
  await using client = await local.player("user-unseen");
  const value = async (name: string) => {
    const { text } = await get(local, "/metrics");
    return Number(text.split("\n").find((line) => line.startsWith(`${name} `))?.split(" ")[1]);
  };
  assert.equal(await value("waygate_connections"), 1);
  const before = await value("waygate_messages_received_total");
  for (let count = 0; count < 10; count++) await client.call("system.ping");
  await assert.rejects(client.call("made.up"));
  client.sendRaw("nonsense");
  await client.reply(null);
  assert.equal(await value("waygate_messages_received_total"), before + 12);
  assert.equal(await value('waygate_errors_total{code="-32601"}'), 1);
  assert.equal(await value('waygate_errors_total{code="-32700"}'), 1);
  assert.ok(await value("waygate_messages_sent_total") >= 13);
  const { text, headers } = await get(local, "/metrics");
  assert.match(headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  assert.match(text, /waygate_request_duration_seconds_bucket\{[^}]*method="system.ping"/);
  assert.doesNotMatch(text, /user-unseen|made\.up/);
  assert.ok(!text.includes(client.sessionId));
  await client.close();
  await until(async () => await value("waygate_connections") === 0, { what: "the end" });
});

Deno.test("GET /openrpc.json is what rpc.discover gives", async () => {
  await using local = await serveGateway();
  await using client = await local.player("ann");
  const { status, headers, text } = await get(local, "/openrpc.json");
  assert.equal(status, 200);
  assert.match(headers.get("content-type") ?? "", /^application\/json/);
  const document = JSON.parse(text);
  assert.deepEqual(await client.call("rpc.discover"), document);
  const names = new Set(document.methods.map((method: { name: string }) => method.name));
  for (const name of ["system.ping", "player.sendEvent", "session.resume", "presence.updated"]) {
    assert.ok(names.has(name), name);
  }
});
