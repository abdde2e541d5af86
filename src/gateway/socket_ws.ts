import type { Buffer } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
// @ts-types="./socket_ws_library.d.ts"
import { WebSocketServer } from "ws";
import type { FetchHandler, HttpServer, ServeOptions } from "../serve.ts";
import { type RawUpgrade, serveNode, type Upgrader } from "../serve_node.ts";
import type { AcceptOptions, Socket, SocketListener, WebSocketEngine } from "./socket.ts";
import { GuardedWebSocket, WsSocket } from "./socket_ws_guarded.ts";
import { PeerWatch } from "./socket_ws_peers.ts";

/** What the guarded engine is told once. */
export interface WsEngineOptions {
  /** Largest message, its fragments together, in bytes. */
  readonly maxMessageBytes: number;
  /** A peer that is silent for two of them is dropped. */
  readonly heartbeatIntervalMs: number;
  /** WebSockets at once. */
  readonly maxConnections: number;
  /**
   * Connections besides those: handshakes under way, probes, metrics.
   *
   * @default {4096}
   */
  readonly spareConnections?: number;
  /**
   * How long a TLS handshake, and a request's headers, may take, in ms.
   *
   * @default {10000}
   */
  readonly handshakeTimeoutMs?: number;
}

const SPARE_CONNECTIONS = 4096;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** How long a peer may take to end the connection after a close frame at most, in ms. */
const CLOSE_TIMEOUT_MS = 30_000;
/** Fragments of one message. Clients hardly ever fragment; each costs memory beyond its size. */
const MAX_FRAGMENTS = 1024;
/** A frame may arrive in so many pieces of the network, and in one more for each so many bytes. */
const MIN_PIECES = 256;
const BYTES_PER_PIECE = 64;

/**
 * `npm:ws` on `node:http` as an engine, for servers that face the open internet: it limits what a
 * message may take while it still arrives, ends connections by force, and cuts slow handshakes.
 */
export function createWsEngine(options: WsEngineOptions): WebSocketEngine {
  return new WsEngine(options);
}

class WsEngine implements WebSocketEngine, Upgrader {
  readonly #options: WsEngineOptions;
  readonly #library: WebSocketServer;
  readonly #watch: PeerWatch;
  readonly #offers = new WeakMap<Request, RawUpgrade>();
  readonly #open = new Set<WsSocket>();

  constructor(options: WsEngineOptions) {
    this.#options = options;
    this.#watch = new PeerWatch(options.heartbeatIntervalMs);
    this.#library = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.maxMessageBytes,
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: MIN_PIECES + Math.ceil(options.maxMessageBytes / BYTES_PER_PIECE),
      closeTimeout: CLOSE_TIMEOUT_MS,
      WebSocket: GuardedWebSocket,
    });
    // Instead of an answer of the library's own: `accept` throws, and the route answers.
    this.#library.on("wsClientError", () => {});
  }

  accept(
    request: Request,
    { protocol }: AcceptOptions,
    onOpen: (socket: Socket) => SocketListener,
  ): Response {
    const upgrade = this.#offers.get(request);
    if (upgrade === undefined) throw new TypeError("This request did not come through this server");
    const { incoming, socket, head } = upgrade;
    simplify(incoming.headers, protocol);
    let accepted: WsSocket | undefined;
    this.#library.handleUpgrade(incoming, socket, head as Buffer, (webSocket) => {
      accepted = new WsSocket(webSocket as GuardedWebSocket);
    });
    if (accepted === undefined && !socket.destroyed) {
      throw new TypeError("Not a valid WebSocket handshake");
    }
    this.#offers.delete(request);
    if (accepted !== undefined) this.#take(accepted, onOpen);
    // Nobody sees it: the answer to the handshake is on its way already.
    return new Response(null);
  }

  serve(options: ServeOptions, fetch: FetchHandler): Promise<HttpServer> {
    const {
      maxConnections,
      spareConnections = SPARE_CONNECTIONS,
      handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS,
    } = this.#options;
    const limits = { maxConnections: maxConnections + spareConnections, handshakeTimeoutMs };
    return serveNode(options, fetch, this, limits);
  }

  offer(request: Request, upgrade: RawUpgrade): void {
    this.#offers.set(request, upgrade);
  }

  withdraw(request: Request): boolean {
    return this.#offers.delete(request);
  }

  terminateAll(): void {
    for (const socket of this.#open) socket.terminate();
  }

  #take(socket: WsSocket, onOpen: (socket: Socket) => SocketListener): void {
    this.#open.add(socket);
    this.#watch.add(socket);
    const listener = onOpen(socket);
    socket.listen(listener, () => this.#watch.remove(socket), () => this.#open.delete(socket));
  }
}

/**
 * The library reads lists more narrowly than RFC 9110 (§5.6.1, §7.8) has them. Whoever accepts has read
 * them, and the library is shown what came of that.
 */
function simplify(headers: IncomingHttpHeaders, protocol: string | undefined): void {
  headers.upgrade = "websocket";
  if (protocol === undefined) delete headers["sec-websocket-protocol"];
  else headers["sec-websocket-protocol"] = protocol;
}
