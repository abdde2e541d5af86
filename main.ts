/**
 * The gateway as a program: environment → configuration → store, bus and stream → node → server; and
 * signals → drain. A game runs it with methods of its own by {@linkcode runGateway}.
 *
 * @module
 */
import type { Bus } from "./src/bus/bus.ts";
import { connectNatsBus, type NatsBus } from "./src/bus/bus_nats.ts";
import { authenticate } from "./src/bus/nats_options.ts";
import { createSubjects } from "./src/bus/subjects.ts";
import { type Config, ConfigError, gatherProblems, readConfig } from "./src/config.ts";
import { VARIABLES } from "./src/config_variables.ts";
import {
  createJetStreamStream,
  hasJetStream,
  JETSTREAM_LIMITS,
} from "./src/events/stream_jetstream.ts";
import { createGateway, eventWindowMs, type Gateway } from "./src/gateway.ts";
import type { MethodTable } from "./src/gateway/method.ts";
import type { WebSocketEngine } from "./src/gateway/socket.ts";
import { createDenoEngine } from "./src/gateway/socket_deno.ts";
import { createWsEngine } from "./src/gateway/socket_ws.ts";
import { createLobby } from "./src/lobby/lobby.ts";
import { type MemoryAlarm, untilMemoryAlarm } from "./src/memory_guard.ts";
import { createRedisStore } from "./src/presence/store_redis.ts";
import { readKeyPair } from "./src/serve_tls.ts";
import { log, startLog } from "./src/telemetry/log.ts";
import { Counters } from "./src/telemetry/counters.ts";
import { countMalformed } from "./src/telemetry/presence_log.ts";

/** How {@linkcode runGateway} is to run. */
export interface ProgramOptions {
  /** A game's own methods. */
  readonly methods?: MethodTable;
  /**
   * Development mode: the gateway signs tokens for whoever asks, and nothing has to be configured.
   *
   * @default {false}
   */
  readonly development?: boolean;
  /**
   * Runs under `deno run --watch`: signals are the watcher's. A program that handles them keeps it
   * from ending, since it then waits for the next change.
   *
   * @default {false}
   */
  readonly watched?: boolean;
}

/**
 * Runs a gateway as the environment configures it, with whatever of Redis, NATS, TLS and the lobby
 * that names, until a signal has drained it. Uncaught errors are logged and end nothing.
 *
 * @returns the exit status: 0 after a drain, 1 for a wrong configuration, 2 for a failure
 */
export async function runGateway(options: ProgramOptions = {}): Promise<number> {
  try {
    return await run(readEnvironment(options), options);
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const problem of error.problems) console.error(problem);
      return 1;
    }
    console.error(`Waygate failed: ${messageOf(error)}`);
    return 2;
  }
}

/** @throws {ConfigError} naming every variable at fault, for its value or for the file that it names */
function readEnvironment({ development = false }: ProgramOptions): Config {
  const names = Object.keys(VARIABLES);
  const environment = Object.fromEntries(names.map((name) => [name, Deno.env.get(name)]));
  const problems: string[] = [];
  const config = gatherProblems(problems, () => readConfig(environment, { development }));
  const { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile, NATS_URL, NATS_CREDS_FILE } = environment;
  if (certFile && keyFile) gatherProblems(problems, () => readKeyPair({ certFile, keyFile }));
  if (NATS_URL && NATS_CREDS_FILE) gatherProblems(problems, () => readCredentials(NATS_CREDS_FILE));
  if (config === undefined || problems.length > 0) throw new ConfigError(problems);
  return config;
}

function connectBus(config: Config): NatsBus | undefined {
  if (config.nats === undefined) return undefined;
  const { servers, login } = config.nats;
  return connectNatsBus({
    servers: servers.join(","),
    name: `waygate ${config.nodeId}`,
    ...(login.kind === "token" ? { token: login.token } : {}),
    ...(login.kind === "password" ? { user: login.user, password: login.password } : {}),
    ...(login.kind === "credentials" ? { credentials: readCredentials(login.file) } : {}),
  });
}

function readCredentials(file: string): string {
  try {
    const credentials = Deno.readTextFileSync(file);
    authenticate(credentials);
    return credentials;
  } catch (error) {
    throw new ConfigError([`NATS_CREDS_FILE: Cannot be used: ${messageOf(error)}`]);
  }
}

async function compose(
  config: Config,
  methods: MethodTable,
): Promise<{ gateway: Gateway; bus: Bus | undefined }> {
  const bus = connectBus(config);
  const { redis, resumeWindowMs, development } = config;
  const store = redis && createRedisStore({ ...redis, resumeWindowMs });
  const counters = new Counters();
  const gateway = await createGateway({
    config,
    counters,
    methods,
    engine: createEngine(config),
    ...(store === undefined ? {} : { store }),
    ...(bus === undefined ? {} : { bus }),
    ...(bus === undefined || !await canUseJetStream(bus) ? {} : {
      stream: createJetStreamStream({
        bus,
        subjects: createSubjects(config.natsPrefix),
        limits: { ...JETSTREAM_LIMITS, windowMs: eventWindowMs(config) },
        replicas: 3,
        storage: "file",
        onMalformed: countMalformed(counters),
      }),
    }),
    ...(config.lobby ? { lobby: createLobby({ development }) } : {}),
    sources: { ...(store && { redis: store }), ...(bus && { nats: bus }) },
  });
  return { gateway, bus };
}

/** How long NATS may take to say whether it has JetStream, in ms; then it is taken to have it. */
const JETSTREAM_PATIENCE_MS = 3000;

async function canUseJetStream(bus: NatsBus): Promise<boolean> {
  const patience = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => patience.resolve(true), JETSTREAM_PATIENCE_MS);
  const answer = bus.connection().then(hasJetStream).catch(() => true);
  const has = await Promise.race([answer, patience.promise]);
  clearTimeout(timer);
  if (!has) {
    log.warning("NATS has no JetStream: events are kept in memory and replayed by this node only");
  }
  return has;
}

function createEngine(config: Config): WebSocketEngine {
  return config.websocketEngine === "ws" ? createWsEngine(config) : createDenoEngine();
}

/** @throws {Error} that names the variables, when the address cannot be listened on */
async function serve(config: Config, gateway: Gateway): Promise<void> {
  const { host: hostname, port, tls, lobby, websocketEngine: engine } = config;
  try {
    const server = await gateway.serve({ hostname, port, tls });
    log.info("listening", { address: server.url, lobby, engine });
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const why = `HOST ${hostname}, PORT ${port}: Cannot listen there: ${messageOf(error)}`;
    throw new Error(why, { cause: error });
  }
}

/** Nothing that one connection does may end the process for all others. */
function surviveErrors(): void {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("Unhandled rejection", { error: describe(event.reason) });
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    log.error("Uncaught error", { error: describe(event.error) });
  });
}

function describe(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A terminal and a task runner may both pass one Ctrl-C on: so long, in ms, they count as one. */
const SAME_SIGNAL_MS = 1000;

/** Resolves at the first SIGTERM or SIGINT; when another follows, the process ends at once. */
function untilSignal(): Promise<Deno.Signal> {
  const { promise, resolve } = Promise.withResolvers<Deno.Signal>();
  let firstAtMs: number | undefined;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => {
      firstAtMs ??= performance.now();
      if (performance.now() - firstAtMs > SAME_SIGNAL_MS) Deno.exit(2);
      resolve(signal);
    });
  }
  return promise;
}

async function run(config: Config, { methods = {}, watched }: ProgramOptions): Promise<number> {
  await startLog(config);
  surviveErrors();
  if (config.tokenKey.kind === "secret" && config.tokenKey.secret.length < 32) {
    log.warning("JWT_SECRET is short: HS256 wants at least 32 bytes (RFC 7518, section 3.2)");
  }
  const signal = watched ? new Promise<never>(() => {}) : untilSignal();
  const { gateway, bus } = await compose(config, methods);
  await gateway.start();
  await serve(config, gateway);
  const end = await Promise.race([signal, untilFilled(config, gateway)]);
  const isAsked = typeof end === "string";
  if (isAsked) log.info("draining", { signal: end });
  else log.error("draining: clients fill the memory with messages that never end", { ...end });
  await gateway.drain();
  await bus?.close();
  log.info("stopped");
  return isAsked ? 0 : 2;
}

/** Only the runtime's own WebSocket can be filled from outside. */
function untilFilled(config: Config, gateway: Gateway): Promise<MemoryAlarm> {
  if (config.websocketEngine !== "deno") return new Promise(() => {});
  return untilMemoryAlarm(() => gateway.node.hub.size);
}

if (import.meta.main) {
  const development = Deno.args.includes("--dev");
  const watched = Deno.args.includes("--watched");
  // A reader that blocks would keep the server from finishing: nobody waits for it.
  Deno.exit(await runGateway({ development, watched }));
}
