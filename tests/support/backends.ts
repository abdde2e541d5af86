/**
 * The servers that a whole test run shares.
 *
 * `deno task test` starts them once and hands their addresses over in the environment. A test file
 * that is run by `deno test` alone starts its own set, which ends with the file.
 *
 * @module
 */

import process from "node:process";
import { requireProgram } from "./programs.ts";
import { startNats } from "./servers/nats_server.ts";
import { startRedis } from "./servers/redis_server.ts";
import { startRedisRest } from "./servers/redis_rest_server.ts";

/** Addresses of the shared servers. Nothing may be flushed or stopped there. */
export interface Backends {
  /** `redis://…` */
  readonly redisUrl: string;
  /** `http://…`, the REST API in front of that Redis. */
  readonly restUrl: string;
  readonly restToken: string;
  /** `nats://…`, with JetStream. */
  readonly natsUrl: string;
  /** Path of the browser. */
  readonly chromium: string;
}

/** A set of servers that somebody has to end. */
export interface RunningBackends extends Backends, AsyncDisposable {}

const VARIABLES = {
  redisUrl: "WAYGATE_TEST_REDIS_URL",
  restUrl: "WAYGATE_TEST_REST_URL",
  restToken: "WAYGATE_TEST_REST_TOKEN",
  natsUrl: "WAYGATE_TEST_NATS_URL",
  chromium: "WAYGATE_TEST_CHROMIUM",
} as const satisfies Record<keyof Backends, string>;

/** The environment that tells {@linkcode sharedBackends} where the servers are. */
export function backendsEnvironment(backends: Backends): Record<string, string> {
  return {
    [VARIABLES.redisUrl]: backends.redisUrl,
    [VARIABLES.restUrl]: backends.restUrl,
    [VARIABLES.restToken]: backends.restToken,
    [VARIABLES.natsUrl]: backends.natsUrl,
    [VARIABLES.chromium]: backends.chromium,
  };
}

/** Starts one of each. */
export async function startBackends(): Promise<RunningBackends> {
  await using servers = new AsyncDisposableStack();
  const [redis, nats] = await Promise.all([startRedis(), startNats()]);
  servers.use(nats);
  servers.use(redis);
  const rest = servers.use(await startRedisRest({ redisUrl: redis.url }));
  const kept = servers.move();
  return {
    redisUrl: redis.url,
    restUrl: rest.url,
    restToken: rest.token,
    natsUrl: nats.url,
    chromium: requireProgram("chromium"),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

let started: Promise<Backends> | undefined;

/**
 * The shared servers. Call it at the top level of a test file: when it has to start servers, Deno
 * would take them for leaks of the test that called it.
 *
 * @example
 * ```ts ignore
 * const { restUrl, restToken } = await sharedBackends();
 * ```
 */
export function sharedBackends(): Promise<Backends> {
  started ??= fromEnvironment() ?? startBackends();
  return started;
}

/** A subject or key prefix that no other test uses, for example `t4f0c2a91`. */
export function uniquePrefix(): string {
  return `t${crypto.randomUUID().slice(0, 8)}`;
}

function fromEnvironment(): Promise<Backends> | undefined {
  const redisUrl = process.env[VARIABLES.redisUrl];
  const restUrl = process.env[VARIABLES.restUrl];
  const restToken = process.env[VARIABLES.restToken];
  const natsUrl = process.env[VARIABLES.natsUrl];
  const chromium = process.env[VARIABLES.chromium];
  if (!redisUrl || !restUrl || !restToken || !natsUrl || !chromium) return undefined;
  return Promise.resolve({ redisUrl, restUrl, restToken, natsUrl, chromium });
}
