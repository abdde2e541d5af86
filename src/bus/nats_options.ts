/**
 * How the gateway connects to NATS: addresses, login, and the times after which a link counts as lost.
 *
 * @module
 */

import {
  type ConnectionOptions,
  credsAuthenticator,
  type NatsConnection,
  wsconnect,
} from "@nats-io/nats-core";
import { NatsConnectionImpl, setTransportFactory } from "@nats-io/nats-core/internal";
import { natsServersProblem, WEBSOCKET } from "./nats_servers.ts";
import { NatsTransport } from "./nats_transport.ts";
import { openPromptSocket } from "./prompt_socket.ts";

/** Where NATS is and how to log in. At most one of the logins is used; an address may carry it too. */
export interface NatsBusOptions {
  /**
   * Addresses with commas between: all of `nats://` and `tls://`, or all of `ws://` and `wss://`. One
   * `tls://` demands TLS of every server. `user:password@` or `token@` before the host is a login.
   */
  readonly servers: string;
  /** How this client is called in the server's monitoring. */
  readonly name: string;
  /** Logs in by token, unless there are `credentials`. */
  readonly token?: string | undefined;
  /** Logs in by name, unless there are `credentials` or a `token`. */
  readonly user?: string | undefined;
  /** Of `user`; empty when absent. */
  readonly password?: string | undefined;
  /** The contents of a credentials file, as `nsc` writes it: a user's JWT and its seed. */
  readonly credentials?: string | undefined;
}

/** Pause between two attempts to reach one server, in ms, and what is added at random. */
const RETRY_MS = 250;
const RETRY_JITTER_MS = 250;
/** How long one attempt may take until the server has accepted the login, in ms. */
const CONNECT_LIMIT_MS = 3000;
/**
 * A ping each second, and a link with two unanswered is dead: one that breaks without a word, such as
 * a pulled cable, is noticed after 2 to 3 s. It costs a server 12 bytes a second for each node.
 */
const PING_INTERVAL_MS = 1000;
const PINGS_UNANSWERED = 2;

/**
 * Prepares connecting: each call of the returned function tries every server once.
 *
 * NATS's library keeps its transport in a global, so that a process can use TCP or WebSocket, not both.
 *
 * @throws {TypeError} when the addresses or the credentials cannot be used; never quotes a secret
 */
export function natsDialer(options: NatsBusOptions): () => Promise<NatsConnection> {
  const servers = options.servers.split(",").map((text) => text.trim()).filter(Boolean);
  if (servers.length === 0) {
    throw new TypeError("No NATS server is named: give at least one address");
  }
  const problem = natsServersProblem(servers);
  if (problem !== undefined) throw new TypeError(`Wrong NATS servers: ${problem}`);
  const urls = servers.map((server) => new URL(server));
  const websocket = urls.every(({ protocol }) => WEBSOCKET.includes(protocol));
  const settings: ConnectionOptions = {
    servers: urls.map(withoutLogin),
    name: options.name,
    ...login(options, urls),
    ...(urls.some(({ protocol }) => protocol === "tls:") && { tls: {} }),
    timeout: CONNECT_LIMIT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RETRY_MS,
    reconnectJitter: RETRY_JITTER_MS,
    reconnectJitterTLS: RETRY_JITTER_MS,
    // A login that is refused now may be accepted once the server's configuration is.
    ignoreAuthErrorAbort: true,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: PINGS_UNANSWERED,
    // Stacks of callers are worth less than what gathering them costs each request.
    noAsyncTraces: true,
  };
  return websocket
    ? () => wsconnect({ ...settings, wsFactory: openPromptSocket })
    : () => connectTcp(settings);
}

function connectTcp(settings: ConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new NatsTransport() });
  return NatsConnectionImpl.connect(settings);
}

/** How long to wait before every server is tried once more, in milliseconds. */
export function retryDelayMs(): number {
  return RETRY_MS + Math.random() * RETRY_JITTER_MS;
}

function withoutLogin({ protocol, host, pathname, search }: URL): string {
  return WEBSOCKET.includes(protocol)
    ? `${protocol}//${host}${pathname}${search}`
    : `${protocol}//${host}`;
}

function login(options: NatsBusOptions, urls: readonly URL[]): ConnectionOptions {
  const { token, user, password, credentials } = options;
  if (credentials !== undefined) return { authenticator: authenticate(credentials) };
  if (token !== undefined) return { token };
  if (user !== undefined) return { user, pass: password ?? "" };
  const url = urls.find(({ username }) => username !== "");
  if (!url) return {};
  const name = decodeURIComponent(url.username);
  return url.password === ""
    ? { token: name }
    : { user: name, pass: decodeURIComponent(url.password) };
}

/**
 * Logs in with the contents of a credentials file.
 *
 * @throws {TypeError} when they hold no login; never quotes them
 */
export function authenticate(
  credentials: string,
): NonNullable<ConnectionOptions["authenticator"]> {
  const authenticator = credsAuthenticator(new TextEncoder().encode(credentials));
  try {
    authenticator("nonce");
  } catch {
    // Not passed on as the cause: the library's messages quote what they could not read.
    throw new TypeError("NATS credentials must hold a user's JWT and its seed, as nsc writes them");
  }
  return authenticator;
}
