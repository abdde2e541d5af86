/**
 * Two regions for real: redis-server, its REST API, nats-server and two gateways, all of them one
 * test file's own, to be killed, frozen and emptied at will.
 *
 * @module
 */
import process from "node:process";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { type NatsOptions, type NatsServer, startNats } from "../support/servers/nats_server.ts";
import { type RedisRestServer, startRedisRest } from "../support/servers/redis_rest_server.ts";
import { startRedis } from "../support/servers/redis_server.ts";
import type { ServerProcess } from "../support/servers/server_process.ts";
import { firstReply } from "../support/servers/tcp_probe.ts";
import { until } from "../support/wait.ts";

/** Whether the long forms were asked for: `WAYGATE_FAULTS=long`. */
export const IS_LONG = process.env["WAYGATE_FAULTS"] === "long";

/** What {@linkcode FaultPlace.start} may be told. */
export interface FaultOptions {
  /** Variables of both gateways. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the gateways find the REST API, when something is to stand between. */
  readonly restUrl?: (rest: RedisRestServer) => string;
  /** How the NATS server is to be. */
  readonly nats?: NatsOptions;
  /** The NATS server of the node in `us`, when it is another one. */
  readonly usNatsUrl?: string;
}

/** All that presence needs, and two nodes. Dispose of it (`await using`). */
export class FaultPlace implements AsyncDisposable {
  readonly redis: ServerProcess;
  readonly rest: RedisRestServer;
  readonly nats: NatsServer;
  readonly eu: GatewayProcess;
  readonly us: GatewayProcess;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    servers: Pick<FaultPlace, "redis" | "rest" | "nats" | "eu" | "us">,
    stack: AsyncDisposableStack,
  ) {
    this.redis = servers.redis;
    this.rest = servers.rest;
    this.nats = servers.nats;
    this.eu = servers.eu;
    this.us = servers.us;
    this.#stack = stack;
  }

  /** Starts everything, and waits until the nodes know each other. */
  static async start(options: FaultOptions = {}): Promise<FaultPlace> {
    const { env = {}, restUrl, usNatsUrl } = options;
    await using stack = new AsyncDisposableStack();
    const [redis, nats] = await Promise.all([startRedis(), startNats(options.nats)]);
    stack.use(redis);
    stack.use(nats);
    const rest = stack.use(await startRedisRest({ redisUrl: redis.url }));
    const backends = {
      restUrl: restUrl?.(rest) ?? rest.url,
      restToken: rest.token,
    };
    const shared = { NATS_PREFIX: "faults", PRESENCE_AUTO_SUBSCRIBE: "none", ...env };
    const start = async (region: string, natsUrl: string) =>
      stack.use(
        await startGateway({
          region,
          backends: { ...backends, natsUrl },
          env: { ...shared, NODE_ID: `${region}-1` },
        }),
      );
    const [eu, us] = await Promise.all([
      start("eu", nats.url),
      start("us", usNatsUrl ?? nats.url),
    ]);
    const place = new FaultPlace({ redis, rest, nats, eu, us }, stack.move());
    await place.settled();
    return place;
  }

  /** Waits until both nodes are ready and each knows of the other. */
  async settled(): Promise<void> {
    for (const gateway of [this.eu, this.us]) {
      await until(async () => (await metric(gateway, "waygate_nodes")) === 2 && isReady(gateway), {
        what: `${gateway.nodeId} to meet the other`,
        timeoutMs: 30_000,
      });
    }
  }

  /** The keys in Redis that match a pattern. */
  async keys(pattern: string): Promise<string[]> {
    return (await this.command("KEYS", pattern)) as string[];
  }

  /** Runs a command by way of the REST API. */
  async command(...command: readonly string[]): Promise<unknown> {
    return await this.rest.run(...command);
  }

  /** The incarnations that hold or held a lease and are not reaped. */
  async instances(): Promise<string[]> {
    return (await this.command("SMEMBERS", "presence:instances") as string[]).toSorted();
  }

  /** What `INFO` of the real server says of each command: how often it was called, scripts' own too. */
  async commandCounts(): Promise<Map<string, number>> {
    const reply = await firstReply(this.redis.port, "\r\n\r\n", "INFO commandstats\r\n");
    return new Map(
      [...reply.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm)].map(([, name = "", n]) => [
        name,
        Number(n),
      ]),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** Prints a figure in the long form. */
export function report(what: string, took: readonly number[]): void {
  if (IS_LONG) console.log(`${what}: ${took.map((ms) => Math.round(ms)).join(", ")} ms`);
}

/** Waits for so long, in ms, since an instant of the monotonic clock: where time is the subject. */
export async function since(startedAt: number, ms: number): Promise<void> {
  await until(() => performance.now() - startedAt >= ms, {
    what: `${ms} ms`,
    timeoutMs: ms + 5000,
  });
}

/** The value of one of a gateway's metrics. */
export async function metric(gateway: GatewayProcess, name: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
}

async function isReady(gateway: GatewayProcess): Promise<boolean> {
  const response = await fetch(`${gateway.url}/readyz`);
  await response.body?.cancel();
  return response.ok;
}
