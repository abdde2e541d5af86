import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type FetchHandler, type HttpServer, type ServeOptions, serverUrl } from "./serve.ts";
import { sendResponse, toRequest, unreadable, writeResponse } from "./serve_exchange.ts";
import { ListenerWatch } from "./serve_node_watch.ts";
import { type KeyPairWatch, readKeyPair, watchKeyPair } from "./serve_tls.ts";
import { log } from "./telemetry/log.ts";

/** The connection of an upgrade request, with what the client sent after its headers. */
export interface RawUpgrade {
  readonly incoming: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Uint8Array;
}

/** Turns the connections of upgrade requests into WebSockets. */
export interface Upgrader {
  /** Holds the connection ready for whoever accepts the request. */
  offer(request: Request, upgrade: RawUpgrade): void;
  /** Takes the connection back; false when it has become a WebSocket. */
  withdraw(request: Request): boolean;
  /** Cuts all its WebSockets. */
  terminateAll(): void;
}

/** Bounds on what a client may ask of the server before it is somebody. */
export interface ServeNodeLimits {
  /** Connections at once, WebSockets and handshakes together; more are dropped unheard. */
  readonly maxConnections: number;
  /** A TLS handshake, and the headers of a request, have to be complete after so long, in ms. */
  readonly handshakeTimeoutMs: number;
}

/** Request line and headers together, in bytes: a token may take 8 KiB of them. */
const MAX_HEADER_BYTES = 16_384;
/** How long a connection may idle between two requests, in ms. */
const KEEP_ALIVE_MS = 5000;
/** How long a peer may take to read an answer or to go, in ms. */
const LINGER_MS = 5000;

/**
 * `node:http` or `node:https` as the server. Slow handshakes, long headers and too many connections
 * are cut off; a new TLS key pair is taken without touching a connection.
 *
 * @throws {ConfigError}
 */
export async function serveNode(
  options: ServeOptions,
  fetch: FetchHandler,
  upgrader: Upgrader,
  limits: ServeNodeLimits,
): Promise<HttpServer> {
  const isSecure = options.tls !== undefined;
  const answer: RequestListener = (incoming, outgoing) => {
    respond(toRequest(incoming, isSecure ? "https" : "http"), fetch)
      .then((response) => sendResponse(response, outgoing, incoming))
      .catch(() => incoming.socket.destroy());
  };
  const { server, watch } = createListener(options, answer, limits);
  server.maxConnections = limits.maxConnections;
  server.timeout = LINGER_MS + limits.handshakeTimeoutMs;
  server.on("clientError", (_error, socket) => socket.destroy());
  server.on("upgrade", (incoming, socket, head) => {
    upgrade({ incoming, socket, head }, isSecure, fetch, upgrader).catch(() => socket.destroy());
  });
  await listening(server, options);
  const { address, port } = server.address() as AddressInfo;
  const listenerWatch = new ListenerWatch(server, address, port);
  return {
    hostname: address,
    port,
    url: serverUrl(address, port, isSecure),
    async stop() {
      watch?.stop();
      listenerWatch.stop();
      const closed = new Promise((resolve) => server.close(resolve));
      upgrader.terminateAll();
      server.closeAllConnections();
      await closed;
    },
  };
}

function createListener(
  { tls }: ServeOptions,
  answer: RequestListener,
  { handshakeTimeoutMs }: ServeNodeLimits,
): { server: Server; watch?: KeyPairWatch } {
  const limits = {
    headersTimeout: handshakeTimeoutMs,
    requestTimeout: handshakeTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: Math.ceil(handshakeTimeoutMs / 4),
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  if (tls === undefined) return { server: createServer(limits, answer) };
  const pair = readKeyPair(tls);
  const server = createSecureServer({
    ...limits,
    ...pair,
    handshakeTimeout: handshakeTimeoutMs,
    // A WebSocket client that offers protocols at all wants to hear of this one.
    ALPNProtocols: ["http/1.1"],
    minVersion: "TLSv1.2",
  }, answer);
  const watch = watchKeyPair(tls, pair, (renewed) => {
    server.setSecureContext(renewed);
    log.info("The TLS key pair has changed; new connections get it");
  });
  return { server, watch };
}

async function upgrade(
  raw: RawUpgrade,
  isSecure: boolean,
  fetch: FetchHandler,
  upgrader: Upgrader,
): Promise<void> {
  const { incoming, socket } = raw;
  const ignore = (): void => {};
  // Until somebody takes the connection over, nobody else minds how it ends.
  socket.on("error", ignore);
  const request = toRequest(incoming, isSecure ? "https" : "http");
  if (request !== undefined) upgrader.offer(request, raw);
  const response = await respond(request, fetch);
  if (request !== undefined && !upgrader.withdraw(request)) {
    socket.off("error", ignore);
    return;
  }
  incoming.socket.setTimeout(LINGER_MS, () => socket.destroy());
  // Whatever the client still sends must not keep the answer from arriving.
  socket.resume();
  await writeResponse(response, socket);
}

async function respond(request: Request | undefined, fetch: FetchHandler): Promise<Response> {
  return request === undefined ? unreadable() : await fetch(request);
}

function listening(server: Server, { hostname, port }: ServeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
