/**
 * A gateway with Redis and NATS that has seen a little of everything, and what it then says at
 * `/metrics`.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Backends } from "../support/backends.ts";
import { connect, open } from "../support/game_client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { until } from "../support/wait.ts";
import { type Families, parseMetrics, valueOf } from "../telemetry/prometheus_text.ts";

/** Reads what a gateway measures. */
export async function scrape({ url }: GatewayProcess): Promise<Families> {
  const response = await fetch(`${url}/metrics`);
  return parseMetrics(await response.text());
}

/** Lets players come, talk, err and go, and gives the metrics that follow. */
export async function measureTraffic(backends: Backends): Promise<Families> {
  await using gateway = await startGateway({ backends, region: "eu" });
  await using ann = await connect(gateway.wsUrl, { token: await gateway.token("ann") });
  const bob = await connect(gateway.wsUrl, { token: await gateway.token("bob") });
  await ann.call("system.ping", {});
  await ann.call("player.updatePresence", { status: "busy", location: "lobby" });
  await ann.call("player.sendEvent", { to: { user_id: "bob" }, type: "wave" });
  await bob.next("player.event");
  await assert.rejects(ann.call("no.such.method", {}));
  await assert.rejects(open(gateway.wsUrl));
  await bob.close();
  return await until(async () => {
    const families = await scrape(gateway);
    assert.ok(valueOf(families, "waygate_disconnects_total", { code: "1000" }) === 1);
    assert.ok(valueOf(families, "waygate_nats_round_trip_seconds") > 0);
    assert.ok(valueOf(families, "waygate_redis_commands_total") > 0);
    assert.ok(valueOf(families, "waygate_nats_messages_out_total") > 0);
    assert.ok(valueOf(families, "waygate_event_loop_lag_seconds_count") > 0);
    return families;
  }, { what: "the traffic to be measured" });
}

/**
 * Holds queries to what a gateway measures: their metrics exist, with the labels that they use.
 *
 * @param others metrics and labels that Prometheus adds itself
 */
export function assertMeasured(
  families: Families,
  names: { readonly metrics: ReadonlySet<string>; readonly labels: ReadonlySet<string> },
  query: string,
  others: ReadonlySet<string>,
): void {
  const samples = [...families.values()].flatMap((family) => family.samples);
  const known = new Set(others);
  for (const metric of names.metrics) {
    if (others.has(metric)) continue;
    const own = samples.filter(({ name }) => name === metric);
    assert.ok(own.length > 0, `${metric} does not exist: ${query}`);
    for (const { labels } of own) for (const label of Object.keys(labels)) known.add(label);
  }
  for (const label of names.labels) {
    assert.ok(known.has(label), `No metric has the label ${label}: ${query}`);
  }
}
