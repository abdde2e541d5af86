/**
 * Gateways that are one cluster, and players on them.
 *
 * @module
 */
import process from "node:process";
import type { PlayerEvent } from "../../src/protocol/notifications.ts";
import type { Backends } from "../support/backends.ts";
import { connect, type GameClient } from "../support/game_client.ts";
import { type GatewayProcess, startGateway, type TokenClaims } from "../support/gateway.ts";
import { until } from "../support/wait.ts";
import { parseMetrics, valueOf } from "../telemetry/prometheus_text.ts";

/** Whether to run at full size: `WAYGATE_DELIVERY=long`. */
export const isLong: boolean = process.env["WAYGATE_DELIVERY"] === "long";

/** For whatever a busy machine may be slow at, in ms. */
export const PATIENCE_MS = 30_000;

/** Two gateways that know each other. */
export interface Nodes extends AsyncDisposable {
  readonly a: GatewayProcess;
  readonly b: GatewayProcess;
}

/** Starts two gateways on the same servers, and waits until each has met the other. */
export async function startNodes(
  backends: Backends,
  env: Readonly<Record<string, string>> = {},
): Promise<Nodes> {
  await using started = new AsyncDisposableStack();
  const shared = {
    RATE_LIMIT_MESSAGES: "0",
    NATS_PREFIX: `t${crypto.randomUUID().slice(0, 8)}`,
    ...env,
  };
  const start = async (region: string) =>
    started.use(await startGateway({ region, backends, env: shared }));
  const [a, b] = await Promise.all([start("eu"), start("us")]);
  await acquainted(a, b);
  const kept = started.move();
  return { a, b, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Waits until each of the gateways knows of the others. */
export async function acquainted(...gateways: readonly GatewayProcess[]): Promise<void> {
  await until(async () => {
    for (const gateway of gateways) {
      if (await metric(gateway, "waygate_nodes") !== gateways.length) return false;
    }
    return true;
  }, { what: "the gateways to meet", timeoutMs: PATIENCE_MS, intervalMs: 50 });
}

/** A number that a gateway shows at `/metrics`. */
export async function metric({ url }: GatewayProcess, name: string): Promise<number> {
  const response = await fetch(`${url}/metrics`);
  return valueOf(parseMetrics(await response.text()), name);
}

/** Connects a player. */
export async function player(
  gateway: GatewayProcess,
  user: string,
  claims: TokenClaims = {},
): Promise<GameClient> {
  return await connect(gateway.wsUrl, { token: await gateway.token(user, claims) });
}

/** What a client got, in the order in which it did. */
export function eventsOf(...clients: readonly GameClient[]): PlayerEvent[] {
  return clients.flatMap((client) => client.all("player.event"));
}

/** The `seq` of the last event that the clients got; 0 for none. */
export function lastSeqOf(...clients: readonly GameClient[]): number {
  return Math.max(0, ...eventsOf(...clients).map(({ seq }) => seq));
}

/** Goes on where an earlier connection was. */
export function resume(
  client: GameClient,
  sessionId: string,
  lastSeq: number,
): Promise<{ resumed: boolean; replayed: number }> {
  const params = { session_id: sessionId, last_seq: lastSeq };
  return client.call("session.resume", params, PATIENCE_MS);
}
