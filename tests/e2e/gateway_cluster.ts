/**
 * Two gateways in two regions, on real NATS and a real Redis of their own.
 *
 * @module
 */
import { type Backends, uniquePrefix } from "../support/backends.ts";
import { connect, type GameClient } from "../support/game_client.ts";
import { type GatewayProcess, startGateway, type TokenClaims } from "../support/gateway.ts";
import { startRedis } from "../support/servers/redis_server.ts";
import { type RedisRestServer, startRedisRest } from "../support/servers/redis_rest_server.ts";

/** What {@linkcode Cluster.start} is told. */
export interface ClusterOptions {
  readonly natsUrl: Backends["natsUrl"];
  /** For both gateways. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Both regions. Dispose of it after its clients. */
export class Cluster implements AsyncDisposable {
  readonly eu: GatewayProcess;
  readonly us: GatewayProcess;
  /** What both reach Redis through; nobody else uses it. */
  readonly rest: RedisRestServer;
  readonly #servers: AsyncDisposableStack;

  private constructor(
    servers: AsyncDisposableStack,
    rest: RedisRestServer,
    eu: GatewayProcess,
    us: GatewayProcess,
  ) {
    this.#servers = servers;
    this.rest = rest;
    this.eu = eu;
    this.us = us;
  }

  /** Starts everything. */
  static async start({ natsUrl, env = {} }: ClusterOptions): Promise<Cluster> {
    await using servers = new AsyncDisposableStack();
    const redis = servers.use(await startRedis());
    const rest = servers.use(await startRedisRest({ redisUrl: redis.url }));
    const backends = { natsUrl, restUrl: rest.url, restToken: rest.token };
    const common = { NATS_PREFIX: uniquePrefix(), RATE_LIMIT_MESSAGES: "0", ...env };
    const open = async (region: string) =>
      servers.use(await startGateway({ region, backends, env: common }));
    const eu = await open("eu");
    const us = await open("us");
    return new Cluster(servers.move(), rest, eu, us);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#servers.disposeAsync();
  }
}

/** Connects a player to one of the gateways. */
export async function player(
  gateway: GatewayProcess,
  sub: string,
  claims: TokenClaims = {},
): Promise<GameClient> {
  return await connect(gateway.wsUrl, { token: await gateway.token(sub, claims) });
}
