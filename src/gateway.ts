/**
 * Waygate as a library: a game composes its own gateway, with its own methods, in its own repository.
 *
 * @module
 */
import type { Hono } from "hono";
import { createApp } from "./app.ts";
import type { Bus } from "./bus/bus.ts";
import { createMemoryBus } from "./bus/bus_memory.ts";
import { createSubjects } from "./bus/subjects.ts";
import type { Config } from "./config.ts";
import type { EventStream } from "./events/stream.ts";
import { createMemoryStream, MEMORY_LIMITS } from "./events/stream_memory.ts";
import type { MethodTable } from "./gateway/method.ts";
import type { WebSocketEngine } from "./gateway/socket.ts";
import { Turnstile } from "./gateway/turnstile.ts";
import { createDenoEngine } from "./gateway/socket_deno.ts";
import { createNode, type Node } from "./node.ts";
import type { PresenceStore } from "./presence/store.ts";
import { createMemoryStore } from "./presence/store_memory.ts";
import type { FetchHandler, HttpServer, ServeOptions } from "./serve.ts";
import { Counters } from "./telemetry/counters.ts";
import { countMalformed } from "./telemetry/presence_log.ts";
import type { MetricSources } from "./telemetry/sources.ts";

export * from "./bus/bus.ts";
export { createSubjects, type Subjects } from "./bus/subjects.ts";
export {
  type Config,
  ConfigError,
  type NatsLogin,
  type OriginPolicy,
  readConfig,
} from "./config.ts";
export * from "./events/stream.ts";
export {
  type AnyMethod,
  defineMethod,
  type Method,
  type MethodContext,
  type MethodTable,
  type TypesOf,
} from "./gateway/method.ts";
export type * from "./gateway/socket.ts";
export type { SessionState } from "./presence/state.ts";
export * from "./presence/store.ts";
export * from "./protocol/protocol.ts";
export type { FetchHandler, HttpServer, ServeOptions } from "./serve.ts";
export type { TlsFiles } from "./serve_tls.ts";
export type { MetricSources, NatsFigures, RedisFigures } from "./telemetry/sources.ts";
export type { PublicKeyAlgorithm, TokenKey } from "./token_key.ts";

/**
 * An app of the `hono` package.
 *
 * @internal
 */
type HonoApp = Hono;

/**
 * What a gateway is composed of; what is left out stays in this process's memory. `runGateway` of
 * `./main` composes all of it as the environment says.
 */
export interface GatewayOptions {
  /** As {@linkcode readConfig} gives it. */
  readonly config: Config;
  /** Where presence is kept: `createRedisStore` of `./redis` shares it between nodes. */
  readonly store?: PresenceStore;
  /** What joins the nodes: `connectNatsBus` of `./nats`. */
  readonly bus?: Bus;
  /** Where events are kept: `createJetStreamStream` of `./jetstream` shares them between nodes. */
  readonly stream?: EventStream;
  /** What stands behind the WebSockets: Deno's own by default, or `createWsEngine` of `./ws`. */
  readonly engine?: WebSocketEngine;
  /** What is counted; given where a part made outside counts too. */
  readonly counters?: Counters;
  /** A game's own methods. */
  readonly methods?: MethodTable;
  /** Serves `/`. */
  readonly lobby?: HonoApp;
  /** What `/metrics` shows of the store and the bus. */
  readonly sources?: MetricSources;
}

/** A gateway in this process. */
export interface Gateway {
  /** Answers HTTP requests, WebSocket upgrades among them: hand it to `Deno.serve`. */
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** What runs inside, for figures and tests; its parts may change with any version. */
  readonly node: Node;
  /** Begins to serve. */
  start(): Promise<void>;
  /** Listens with the server that belongs to its engine, as an alternative to `Deno.serve`. */
  serve(options: ServeOptions): Promise<HttpServer>;
  /** Sees all clients off; afterwards the process can end. */
  drain(): Promise<void>;
}

/**
 * Composes a gateway.
 *
 * @throws {TypeError} when the configuration names Redis, NATS or the engine `ws` and no such part is
 * given: it would be left out without a word
 *
 * @example
 * ```ts ignore
 * import { createGateway, defineMethod, readConfig } from "@waygate/gateway";
 * import { z } from "zod";
 *
 * const roll = defineMethod({
 *   params: z.object({ sides: z.int().min(2).max(100) }),
 *   result: z.object({ value: z.int() }),
 *   handler: ({ sides }) => ({ value: 1 + Math.floor(Math.random() * sides) }),
 * });
 * const config = readConfig(Deno.env.toObject(), { development: true });
 * const gateway = await createGateway({ config, methods: { "dice.roll": roll } });
 * await gateway.start();
 * Deno.serve({ hostname: config.host, port: config.port }, gateway.fetch);
 * ```
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { config } = options;
  requireParts(options);
  const bus = options.bus ?? createMemoryBus();
  const engine = options.engine ?? createDenoEngine();
  const counters = options.counters ?? new Counters();
  const node = await createNode({
    config,
    counters,
    bus,
    store: options.store ?? createMemoryStore({ resumeWindowMs: config.resumeWindowMs }),
    stream: options.stream ?? createMemoryStream({
      bus,
      subjects: createSubjects(config.natsPrefix),
      limits: { ...MEMORY_LIMITS, windowMs: eventWindowMs(config) },
      shared: false,
      onMalformed: countMalformed(counters),
    }),
    engine,
    methods: options.methods ?? {},
  });
  const app = createApp(node, options.lobby, options.sources ?? {});
  const answer: FetchHandler = (request) =>
    isUpgrade(request) ? node.upgrade(request) : app.fetch(request);
  const turnstile = new Turnstile();
  const fetch: FetchHandler = (request) => {
    const turn = turnstile.enter();
    return turn === undefined ? answer(request) : turn.then(() => answer(request));
  };
  return {
    fetch,
    node,
    start: node.start,
    serve: (where) => engine.serve(where, fetch),
    drain: node.drain,
  };
}

function requireParts({ config, store, bus, engine }: GatewayOptions): void {
  const missing = [
    ...(config.redis && !store
      ? ["UPSTASH_REDIS_REST_URL is set: give createGateway a store"]
      : []),
    ...(config.nats && !bus ? ["NATS_URL is set: give createGateway a bus"] : []),
    ...(config.websocketEngine === "ws" && !engine
      ? ["WEBSOCKET_ENGINE is ws: give createGateway an engine"]
      : []),
  ];
  if (missing.length > 0) throw new TypeError(missing.join("; "));
}

/**
 * How far back events may have to be made up for, in ms: the resume window, and before it the time
 * that a dead connection may go unnoticed.
 */
export function eventWindowMs(
  config: Pick<Config, "resumeWindowMs" | "heartbeatIntervalMs" | "presenceGraceMs">,
): number {
  return config.resumeWindowMs + config.heartbeatIntervalMs * 2 + config.presenceGraceMs;
}

/**
 * Whether a request is for `GET /ws`. Connects are worth a short cut: the router's way to the same
 * handler costs them a sixth.
 */
function isUpgrade({ method, url }: Request): boolean {
  const pathAt = url.indexOf("/", url.indexOf("//") + 2);
  const isPath = url.startsWith("/ws", pathAt) &&
    (url.length === pathAt + 3 || url[pathAt + 3] === "?");
  return isPath && method === "GET";
}
