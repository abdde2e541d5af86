import { type Given, type Values, type VariableName, VARIABLES } from "./config_variables.ts";
import { readTokenKey, type TokenKey } from "./token_key.ts";

/** How to log in to NATS. */
export type NatsLogin =
  | { readonly kind: "none" }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  | { readonly kind: "credentials"; readonly file: string };

/** Whose pages may connect. */
export type OriginPolicy =
  | { readonly kind: "same" }
  | { readonly kind: "any" }
  | { readonly kind: "list"; readonly origins: ReadonlySet<string> };

/** Everything the gateway can be told, checked. Times are in ms, sizes in bytes. */
export interface Config {
  /** Whether the development key, the lobby and pretty logs are defaults. */
  readonly development: boolean;
  /** Address to listen on. `HOST`, 0.0.0.0 by default. */
  readonly host: string;
  /** 0 takes a free one. `PORT`, 8090 by default. */
  readonly port: number;
  /** PEM files, to serve https and wss; undefined: neither `TLS_CERT_FILE` nor `TLS_KEY_FILE`. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** What this node reports. `REGION`, `local` by default. */
  readonly region: string;
  /** Unique among the running nodes. `NODE_ID`, random by default. */
  readonly nodeId: string;
  /** From `JWT_SECRET`, `JWT_PUBLIC_KEY` or `JWT_JWKS_URL`, exactly one of them. */
  readonly tokenKey: TokenKey;
  /** The `iss` that tokens must have; undefined: any. `JWT_ISSUER`. */
  readonly tokenIssuer: string | undefined;
  /** The `aud` that tokens must have; undefined: any. `JWT_AUDIENCE`. */
  readonly tokenAudience: string | undefined;
  /** Redis over the Upstash HTTP API; undefined: presence stays in this process. */
  readonly redis: { readonly url: string; readonly token: string } | undefined;
  /** NATS and its login; undefined: the bus stays in this process. `NATS_URL`. */
  readonly nats: { readonly servers: readonly string[]; readonly login: NatsLogin } | undefined;
  /** First part of every NATS subject. `NATS_PREFIX`, `waygate` by default. */
  readonly natsPrefix: string;
  /** From `ALLOWED_ORIGINS`; the gateway's own origin by default. */
  readonly origins: OriginPolicy;
  /** Whether `?access_token=` is accepted. `ALLOW_QUERY_TOKEN`, true by default. */
  readonly allowQueryToken: boolean;
  /** Of this node; more are refused with 503. `MAX_CONNECTIONS`, 10000 by default. */
  readonly maxConnections: number;
  /** One more closes the oldest with 4409. `MAX_SESSIONS_PER_USER`, 5 by default. */
  readonly maxSessionsPerUser: number;
  /** Largest message of a client. `MAX_MESSAGE_BYTES`, 65536 by default. */
  readonly maxMessageBytes: number;
  /** Most calls in one JSON-RPC batch. `MAX_BATCH`, 50 by default. */
  readonly maxBatch: number;
  /** Messages a second; 0 is no limit. */
  readonly rateLimitMessages: number;
  /** Messages a connection may send at once. `RATE_LIMIT_BURST`, 100 by default. */
  readonly rateLimitBurst: number;
  /** Unread bytes before a connection ends with 4408. `SEND_QUEUE_BYTES`, 1 MiB by default. */
  readonly sendQueueBytes: number;
  /** A silent peer is dropped within two. `HEARTBEAT_INTERVAL_MS`, 15000 by default. */
  readonly heartbeatIntervalMs: number;
  /** How long a session outlives its socket. `PRESENCE_GRACE_MS`, 1500 by default. */
  readonly presenceGraceMs: number;
  /** How long presence changes are gathered. `PRESENCE_FLUSH_MS`, 50 by default. */
  readonly presenceFlushMs: number;
  /** Whom a new connection watches unasked. `PRESENCE_AUTO_SUBSCRIBE`, `all` by default. */
  readonly presenceAutoSubscribe: "all" | "none";
  /** A node that is silent for so long is gone. `NODE_LEASE_MS`, 15000 by default. */
  readonly nodeLeaseMs: number;
  /** How long missed events are kept. `RESUME_WINDOW_MS`, 60000 by default. */
  readonly resumeWindowMs: number;
  /** First parts of the methods that go to services over NATS. `RPC_SERVICES`, none by default. */
  readonly rpcServices: readonly string[];
  /** How long a service may take to answer. `RPC_TIMEOUT_MS`, 5000 by default. */
  readonly rpcTimeoutMs: number;
  /** Bearer token that `/metrics` wants; undefined: it is open. `METRICS_TOKEN`. */
  readonly metricsToken: string | undefined;
  /** Whether `/` serves the lobby. `LOBBY`, on in development only by default. */
  readonly lobby: boolean;
  /** `ws` limits fragmented messages and can terminate. `WEBSOCKET_ENGINE`, `deno` by default. */
  readonly websocketEngine: "deno" | "ws";
  /** Time to see clients off at SIGTERM. `DRAIN_MS`, 10000 by default. */
  readonly drainMs: number;
  /** Least level that is logged. `LOG_LEVEL`, `info` by default. */
  readonly logLevel: "debug" | "info" | "warning" | "error";
  /** `LOG_FORMAT`: `json` by default, `pretty` in development. */
  readonly logFormat: "json" | "pretty";
}

/** The environment is wrong; `problems` has one line for each variable at fault. */
export class ConfigError extends Error {
  /** Tells it from other errors where `instanceof` cannot, as between two bundles. */
  override readonly name = "ConfigError";
  /** Each begins with the variable's name and says what it must be. */
  readonly problems: readonly string[];

  /** An error whose message is the problems, one line each. */
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/**
 * Reads one of several parts of the configuration. What is wrong with it waits until all have been
 * read: everything at fault is named at once.
 *
 * @param problems takes the lines of a {@linkcode ConfigError}
 * @returns undefined when the part is at fault
 */
export function gatherProblems<T>(problems: string[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

/**
 * Reads the configuration.
 *
 * @param environment variables by name; unset and empty are the same
 * @param mode development mode needs no key and turns the lobby on
 * @throws {ConfigError} naming every variable at fault, at once
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  mode: { readonly development: boolean },
): Config {
  const problems: string[] = [];
  const values = readValues(environment, problems);
  const given = givenIn(environment);
  const tokenKey = readTokenKey({ values, given, ...mode }, problems);
  const login = readNatsLogin(values, given, problems);
  requireBoth(given, "TLS_CERT_FILE", "TLS_KEY_FILE", problems);
  requireBoth(given, "UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN", problems);
  if (problems.length > 0 || tokenKey === undefined) throw new ConfigError(problems);

  return {
    development: mode.development,
    host: values.HOST ?? "0.0.0.0",
    port: values.PORT,
    tls: values.TLS_CERT_FILE === undefined || values.TLS_KEY_FILE === undefined
      ? undefined
      : { certFile: values.TLS_CERT_FILE, keyFile: values.TLS_KEY_FILE },
    region: values.REGION ?? "local",
    nodeId: values.NODE_ID ?? `node-${crypto.randomUUID().slice(0, 8)}`,
    tokenKey,
    tokenIssuer: values.JWT_ISSUER,
    tokenAudience: values.JWT_AUDIENCE,
    redis: values.UPSTASH_REDIS_REST_URL === undefined ||
        values.UPSTASH_REDIS_REST_TOKEN === undefined
      ? undefined
      : { url: values.UPSTASH_REDIS_REST_URL, token: values.UPSTASH_REDIS_REST_TOKEN },
    nats: values.NATS_URL.length === 0 ? undefined : { servers: values.NATS_URL, login },
    natsPrefix: values.NATS_PREFIX ?? "waygate",
    origins: originPolicy(values.ALLOWED_ORIGINS),
    allowQueryToken: values.ALLOW_QUERY_TOKEN === "true",
    maxConnections: values.MAX_CONNECTIONS,
    maxSessionsPerUser: values.MAX_SESSIONS_PER_USER,
    maxMessageBytes: values.MAX_MESSAGE_BYTES,
    maxBatch: values.MAX_BATCH,
    rateLimitMessages: values.RATE_LIMIT_MESSAGES,
    rateLimitBurst: values.RATE_LIMIT_BURST,
    sendQueueBytes: values.SEND_QUEUE_BYTES,
    heartbeatIntervalMs: values.HEARTBEAT_INTERVAL_MS,
    presenceGraceMs: values.PRESENCE_GRACE_MS,
    presenceFlushMs: values.PRESENCE_FLUSH_MS,
    presenceAutoSubscribe: values.PRESENCE_AUTO_SUBSCRIBE ?? "all",
    nodeLeaseMs: values.NODE_LEASE_MS,
    resumeWindowMs: values.RESUME_WINDOW_MS,
    rpcServices: values.RPC_SERVICES,
    rpcTimeoutMs: values.RPC_TIMEOUT_MS,
    metricsToken: values.METRICS_TOKEN,
    lobby: (values.LOBBY ?? (mode.development ? "on" : "off")) === "on",
    websocketEngine: values.WEBSOCKET_ENGINE ?? "deno",
    drainMs: values.DRAIN_MS,
    logLevel: values.LOG_LEVEL ?? "info",
    logFormat: values.LOG_FORMAT ?? (mode.development ? "pretty" : "json"),
  };
}

function readValues(
  environment: Readonly<Record<string, string | undefined>>,
  problems: string[],
): Values {
  const values: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(VARIABLES)) {
    const result = variable.schema.safeParse(environment[name] || undefined);
    if (result.success) values[name] = result.data;
    else {
      problems.push(`${name}: ${result.error.issues.map((issue) => issue.message).join("; ")}`);
      // The variable's default stands in, so that the checks of several variables still run.
      values[name] = variable.schema.safeParse(undefined).data;
    }
  }
  return values as Values;
}

/** The variables that are set, to whatever value: a wrong one has its line already. */
function givenIn(environment: Readonly<Record<string, string | undefined>>): Given {
  const names = Object.keys(VARIABLES) as VariableName[];
  return new Set(names.filter((name) => environment[name]));
}

function readNatsLogin(values: Values, given: Given, problems: string[]): NatsLogin {
  const { NATS_TOKEN, NATS_USER, NATS_PASSWORD, NATS_CREDS_FILE } = values;
  requireBoth(given, "NATS_USER", "NATS_PASSWORD", problems);
  const logins = ["NATS_TOKEN", "NATS_USER", "NATS_CREDS_FILE"] as const;
  if (logins.filter((name) => given.has(name)).length > 1) {
    problems.push(`${logins.join(", ")}: Set at most one of them`);
  }
  if (NATS_TOKEN !== undefined) return { kind: "token", token: NATS_TOKEN };
  if (NATS_CREDS_FILE !== undefined) return { kind: "credentials", file: NATS_CREDS_FILE };
  if (NATS_USER !== undefined && NATS_PASSWORD !== undefined) {
    return { kind: "password", user: NATS_USER, password: NATS_PASSWORD };
  }
  return { kind: "none" };
}

function requireBoth(
  given: Given,
  first: VariableName,
  second: VariableName,
  problems: string[],
): void {
  const [present, absent] = given.has(first) ? [first, second] : [second, first];
  if (given.has(present) && !given.has(absent)) {
    problems.push(`${absent}: Must be set, because ${present} is`);
  }
}

function originPolicy(origins: readonly string[]): OriginPolicy {
  if (origins.length === 0) return { kind: "same" };
  if (origins.includes("*")) return { kind: "any" };
  return { kind: "list", origins: new Set(origins) };
}
