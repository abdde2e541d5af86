/**
 * Every environment variable that the gateway reads: what it accepts, its default, what it is for.
 * The configuration table of the documentation is generated from this record.
 *
 * @module
 */
import type { z } from "zod";
import {
  headerToken,
  host,
  integer,
  list,
  matching,
  natsServers,
  oneOf,
  origins,
  text,
  url,
} from "./config_schemas.ts";

/** One environment variable. */
export interface Variable {
  /** Reads the variable's text; unset and empty are the same. */
  readonly schema: z.ZodType<unknown, string | undefined>;
  /** As the documentation shows it; empty for none. */
  readonly default: string;
  readonly description: string;
}

const NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const named = "Must be 1 to 64 of A-Z a-z 0-9 _ . -";

/** All variables by name, in the order in which the documentation lists them. */
export const VARIABLES = {
  HOST: { schema: host("0.0.0.0"), default: "0.0.0.0", description: "Address to listen on" },
  PORT: {
    schema: integer(8090, 0, 65535),
    default: "8090",
    description: "Port to listen on; 0 takes a free one",
  },
  TLS_CERT_FILE: {
    schema: text(),
    default: "",
    description: "Certificate chain (PEM), to serve https and wss itself; with TLS_KEY_FILE",
  },
  TLS_KEY_FILE: {
    schema: text(),
    default: "",
    description: "Its private key (PEM): RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519",
  },
  REGION: {
    schema: matching(NAME, named, "local"),
    default: "local",
    description: "Region this node reports",
  },
  NODE_ID: {
    schema: matching(NAME, named),
    default: "random",
    description: "Name of this node, unique among the running ones",
  },
  JWT_SECRET: {
    schema: text(),
    default: "",
    description: "Shared secret of HS256 tokens; exactly one of the three JWT keys is needed",
  },
  JWT_PUBLIC_KEY: {
    schema: text(),
    default: "",
    description: "Public key (PEM) of RS256, ES256 or EdDSA tokens; the key decides which",
  },
  JWT_JWKS_URL: {
    schema: url(["https:", "http:"]),
    default: "",
    description: "JSON Web Key Set with the public keys of RS256, ES256 or EdDSA tokens",
  },
  JWT_ISSUER: { schema: text(), default: "", description: "Required `iss` of a token" },
  JWT_AUDIENCE: { schema: text(), default: "", description: "Required `aud` of a token" },
  UPSTASH_REDIS_REST_URL: {
    schema: url(["https:", "http:"]),
    default: "",
    description: "Redis over HTTP; without it presence stays in this process's memory",
  },
  UPSTASH_REDIS_REST_TOKEN: {
    schema: headerToken(),
    default: "",
    description: "Token of UPSTASH_REDIS_REST_URL",
  },
  NATS_URL: {
    schema: natsServers(),
    default: "",
    description: "NATS servers, a comma list; without it the bus stays in this process",
  },
  NATS_TOKEN: { schema: text(), default: "", description: "Token for NATS" },
  NATS_USER: { schema: text(), default: "", description: "User for NATS; with NATS_PASSWORD" },
  NATS_PASSWORD: { schema: text(), default: "", description: "Password for NATS" },
  NATS_CREDS_FILE: { schema: text(), default: "", description: "Credentials file for NATS" },
  NATS_PREFIX: {
    schema: matching(/^[A-Za-z0-9_-]{1,32}$/, "Must be 1 to 32 of A-Z a-z 0-9 _ -", "waygate"),
    default: "waygate",
    description: "First part of every NATS subject",
  },
  ALLOWED_ORIGINS: {
    schema: origins(),
    default: "same origin",
    description: "Origins whose pages may connect, a comma list; * for any",
  },
  ALLOW_QUERY_TOKEN: {
    schema: oneOf(["true", "false"], "true"),
    default: "true",
    description: "Whether `?access_token=` is accepted",
  },
  MAX_CONNECTIONS: {
    schema: integer(10_000, 1, 10_000_000),
    default: "10000",
    description: "Connections of this node; more are refused with 503",
  },
  MAX_SESSIONS_PER_USER: {
    schema: integer(5, 1, 1000),
    default: "5",
    description: "Live sessions of a user; one more closes the oldest with 4409",
  },
  MAX_MESSAGE_BYTES: {
    schema: integer(65_536, 128, 16_777_216),
    default: "65536",
    description: "Largest message a client may send",
  },
  MAX_BATCH: {
    schema: integer(50, 1, 10_000),
    default: "50",
    description: "Most calls in one JSON-RPC batch",
  },
  RATE_LIMIT_MESSAGES: {
    schema: integer(50, 0, 1_000_000),
    default: "50",
    description: "Messages a second of one connection; 0 turns the limit off",
  },
  RATE_LIMIT_BURST: {
    schema: integer(100, 1, 1_000_000),
    default: "100",
    description: "Messages a connection may send at once",
  },
  SEND_QUEUE_BYTES: {
    schema: integer(1_048_576, 1024, 1_073_741_824),
    default: "1048576",
    description: "Unread bytes of one connection before it is closed with 4408",
  },
  HEARTBEAT_INTERVAL_MS: {
    schema: integer(15_000, 500, 3_600_000),
    default: "15000",
    description: "A silent peer is dropped within two of them",
  },
  PRESENCE_GRACE_MS: {
    schema: integer(1500, 0, 600_000),
    default: "1500",
    description: "How long a session outlives a broken socket",
  },
  PRESENCE_FLUSH_MS: {
    schema: integer(50, 1, 1000),
    default: "50",
    description: "How long presence changes are gathered",
  },
  PRESENCE_AUTO_SUBSCRIBE: {
    schema: oneOf(["all", "none"], "all"),
    default: "all",
    description: "Whether every connection sees everyone without asking",
  },
  NODE_LEASE_MS: {
    schema: integer(15_000, 300, 600_000),
    default: "15000",
    description: "After so long without renewal every reader counts a node as gone",
  },
  RESUME_WINDOW_MS: {
    schema: integer(60_000, 100, 86_400_000),
    default: "60000",
    description: "How long missed events are kept for `session.resume`",
  },
  RPC_SERVICES: {
    schema: list().refine(
      (values) => values.every((value) => /^[A-Za-z0-9_-]{1,64}$/.test(value)),
      "Must be names of A-Z a-z 0-9 _ -",
    ),
    default: "",
    description: "First parts of the methods that go to services over NATS, a comma list",
  },
  RPC_TIMEOUT_MS: {
    schema: integer(5000, 10, 600_000),
    default: "5000",
    description: "How long a service may take to answer",
  },
  METRICS_TOKEN: {
    schema: headerToken(),
    default: "",
    description: "Bearer token that `/metrics` then wants",
  },
  LOBBY: {
    schema: oneOf(["on", "off"]),
    default: "on in development, off else",
    description: "Whether `/` serves the lobby",
  },
  WEBSOCKET_ENGINE: {
    schema: oneOf(["deno", "ws"], "deno"),
    default: "deno",
    description: "`ws` limits fragmented messages and can terminate; for hostile networks",
  },
  DRAIN_MS: {
    schema: integer(10_000, 0, 3_600_000),
    default: "10000",
    description: "Time to see clients off at SIGTERM",
  },
  LOG_LEVEL: {
    schema: oneOf(["debug", "info", "warning", "error"], "info"),
    default: "info",
    description: "Least level that is logged",
  },
  LOG_FORMAT: {
    schema: oneOf(["json", "pretty"]),
    default: "json, pretty in development",
    description: "How log lines look",
  },
} as const satisfies Record<string, Variable>;

/** The name of a variable. */
export type VariableName = keyof typeof VARIABLES;

/** Variables that are set, rightly or wrongly. */
export type Given = ReadonlySet<VariableName>;

/** Variables as read, each by its own schema. */
export type Values = {
  readonly [Name in VariableName]: z.output<typeof VARIABLES[Name]["schema"]>;
};
