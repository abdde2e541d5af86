import { startGateway } from "../support/gateway.ts";
import { startNats } from "../support/servers/nats_server.ts";
import { startRedis } from "../support/servers/redis_server.ts";
import { startRedisRest } from "../support/servers/redis_rest_server.ts";

/** Two gateways of one world, with real Redis and NATS behind them; they end with whoever started them. */
export interface LoadCluster extends AsyncDisposable {
  readonly urls: readonly string[];
}

/** Starts a cluster on free ports of 127.0.0.1. */
export async function startCluster(): Promise<LoadCluster> {
  await using servers = new AsyncDisposableStack();
  const redis = servers.use(await startRedis());
  const nats = servers.use(await startNats());
  const rest = servers.use(await startRedisRest({ redisUrl: redis.url }));
  const backends = { restUrl: rest.url, restToken: rest.token, natsUrl: nats.url };
  const env = { NATS_PREFIX: "load", MAX_CONNECTIONS: "100000" };
  const eu = servers.use(await startGateway({ backends, region: "eu", env }));
  const us = servers.use(await startGateway({ backends, region: "us", env }));
  const kept = servers.move();
  return {
    urls: [eu.url, us.url],
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
