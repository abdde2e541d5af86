import assert from "node:assert/strict";
import { z } from "zod";
import { defineMethod } from "../../src/gateway.ts";
import { RpcError } from "../../src/protocol/errors.ts";
import { type LocalGateway, serveGateway } from "../gateway/local_gateway.ts";
import { HandshakeError, open } from "../support/game_client.ts";
import { until } from "../support/wait.ts";
import { type Families, parseMetrics, valueOf } from "./prometheus_text.ts";

async function scrape({ url }: LocalGateway): Promise<Families> {
  const response = await fetch(`${url}/metrics`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  return parseMetrics(await response.text());
}

const broken = defineMethod({
  params: z.object({}),
  result: z.object({}),
  handler: () => {
    throw new Error("broken");
  },
});

const coded = defineMethod({
  params: z.object({ code: z.int() }),
  result: z.object({}),
  handler: ({ code }) => {
    throw new RpcError(code);
  },
});

Deno.test("GET /metrics counts connections, messages, requests and errors", async () => {
  await using local = await serveGateway({ methods: { "test.broken": broken } });
  const player = await local.player("ann");
  for (let calls = 0; calls < 9; calls++) await player.call("system.ping", {});
  await assert.rejects(player.call("test.broken", {}), RpcError);
  await assert.rejects(player.call("no.such.method", {}), RpcError);
  await player.call("player.updateStatus", { status: "away" });

  const open = await scrape(local);
  assert.equal(valueOf(open, "waygate_connections"), 1);
  assert.equal(valueOf(open, "waygate_connects_total"), 1);
  assert.equal(valueOf(open, "waygate_messages_received_total"), 12);
  assert.ok(valueOf(open, "waygate_messages_sent_total") >= 13);
  assert.ok(valueOf(open, "waygate_received_bytes_total") > 12 * 30);
  assert.ok(valueOf(open, "waygate_sent_bytes_total") > 13 * 30);
  assert.equal(valueOf(open, "waygate_requests_total", { method: "system.ping" }), 9);
  assert.equal(valueOf(open, "waygate_requests_total", { method: "unknown" }), 1);
  assert.equal(valueOf(open, "waygate_errors_total", { code: "-32603" }), 1);
  assert.equal(valueOf(open, "waygate_errors_total", { code: "-32601" }), 1);
  assert.equal(valueOf(open, "waygate_presence_sessions"), 1);
  assert.equal(valueOf(open, "waygate_presence_joins_total"), 1);
  assert.equal(valueOf(open, "waygate_nodes"), 1);
  assert.equal(valueOf(open, "waygate_store_up"), 1);
  const timed = valueOf(open, "waygate_request_duration_seconds_count", { method: "system.ping" });
  assert.equal(timed, 2, "of nine calls, the first and the ninth are timed");

  await player.close();
  await until(async () => {
    const closed = await scrape(local);
    assert.equal(valueOf(closed, "waygate_disconnects_total", { code: "1000" }), 1);
    assert.equal(valueOf(closed, "waygate_connections"), 0);
    assert.equal(valueOf(closed, "waygate_presence_leaves_total"), 1);
    return true;
  }, { what: "the end of the connection" });
});

Deno.test("GET /metrics counts refused upgrades by reason", async () => {
  await using local = await serveGateway();
  await assert.rejects(open(local.wsUrl), HandshakeError);
  await assert.rejects(open(local.wsUrl, { token: "junk" }), HandshakeError);
  await assert.rejects(open(local.wsUrl, { headers: { Origin: "https://evil" } }), HandshakeError);
  const refused = await scrape(local);
  for (const reason of ["missing", "malformed", "origin"]) {
    assert.equal(valueOf(refused, "waygate_upgrades_refused_total", { reason }), 1, reason);
  }
});

Deno.test("GET /metrics has no label that the wire can make up", async () => {
  await using local = await serveGateway({
    methods: { "test.coded": coded },
    env: { RATE_LIMIT_MESSAGES: "0" },
  });
  await using player = await local.player("ann");
  for (let index = 0; index < 200; index++) {
    await assert.rejects(player.call(`made.up${index}`, {}), RpcError);
    await assert.rejects(player.call("test.coded", { code: 1000 + index }), RpcError);
  }
  const families = await scrape(local);
  const made = [...families.values()].flatMap(({ samples }) => samples)
    .filter(({ labels }) => Object.values(labels).some((value) => value.startsWith("made.up")));
  assert.deepEqual(made, []);
  const codes = families.get("waygate_errors_total")?.samples ?? [];
  assert.ok(codes.length <= 65, `${codes.length} codes`);
  assert.ok(valueOf(families, "waygate_errors_total", { code: "0" }) > 100);
  const text = JSON.stringify([...families.values()]);
  assert.ok(!text.includes(player.sessionId) && !text.includes('"ann"'));
});

Deno.test("METRICS_TOKEN guards GET /metrics", async () => {
  await using local = await serveGateway({ env: { METRICS_TOKEN: "let-me-see-the-metrics" } });
  const status = async (authorization?: string) => {
    const headers = authorization === undefined ? {} : { Authorization: authorization };
    const response = await fetch(`${local.url}/metrics`, { headers });
    await response.body?.cancel();
    return [response.status, response.headers.get("www-authenticate")];
  };
  const refused = [401, 'Bearer realm="metrics"'];
  assert.deepEqual(await status(), refused);
  assert.deepEqual(await status("Bearer wrong"), refused);
  assert.deepEqual(await status("let-me-see-the-metrics"), refused);
  assert.deepEqual(await status("Basic let-me-see-the-metrics"), refused);
  assert.deepEqual(await status("Bearer let-me-see-the-metrics"), [200, null]);
});

Deno.test("the event loop's lag shows that the process was held up", async () => {
  await using local = await serveGateway();
  const lagging = () => local.gateway.node.eventLoop.lag.sumS > 0.1;
  await until(() => local.gateway.node.eventLoop.lag.count > 0, { what: "a look at the loop" });
  const endMs = performance.now() + 600;
  while (performance.now() < endMs);
  await until(lagging, { what: "the lag to be seen" });
  assert.ok(valueOf(await scrape(local), "waygate_event_loop_lag_seconds_sum") > 0.1);
});
