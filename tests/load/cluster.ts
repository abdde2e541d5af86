import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { startNats } from "../support/servers/nats_server.ts";
import { startRedis } from "../support/servers/redis_server.ts";
import { startRedisRest } from "../support/servers/redis_rest_server.ts";

/** Gateways of one world, with real Redis and NATS behind them; they end with whoever started them. */
export interface LoadCluster extends AsyncDisposable {
  readonly urls: readonly string[];
  /** Of all processes that it consists of. */
  readonly pids: readonly number[];
}

const REGIONS = ["eu", "us"];

/**
 * Starts a cluster on free ports of 127.0.0.1.
 *
 * @param nodes gateways, of two regions in turn
 */
export async function startCluster(nodes: number): Promise<LoadCluster> {
  await using servers = new AsyncDisposableStack();
  const redis = servers.use(await startRedis());
  const nats = servers.use(await startNats());
  const rest = servers.use(await startRedisRest({ redisUrl: redis.url }));
  const backends = { restUrl: rest.url, restToken: rest.token, natsUrl: nats.url };
  const env = { NATS_PREFIX: "load", MAX_CONNECTIONS: "100000" };
  const gateways: GatewayProcess[] = [];
  for (let index = 0; index < nodes; index++) {
    const region = REGIONS[index % REGIONS.length] ?? "";
    gateways.push(servers.use(await startGateway({ backends, region, env })));
  }
  const kept = servers.move();
  return {
    urls: gateways.map(({ url }) => url),
    pids: [redis, nats, rest, ...gateways].map(({ pid }) => pid),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
