/**
 * The narrow view that a connection has of its WebSocket, so that another engine can stand behind it.
 *
 * @module
 */
import type { FetchHandler, HttpServer, ServeOptions } from "../serve.ts";

/** One WebSocket, after its handshake. */
export interface Socket {
  /** Whether a message can be sent. */
  readonly isOpen: boolean;
  /** Bytes handed over that the kernel has not taken yet. */
  readonly bufferedBytes: number;
  /** Sends one text frame; does nothing when the socket is not open. Never throws. */
  send(text: string): void;
  /** Starts the closing handshake (RFC 6455 §7.1.2). Never throws. */
  close(code: number, reason: string): void;
  /** Drops the connection without a handshake, where the engine can. */
  terminate(): void;
}

/**
 * How a socket ended. `clean`: by a close frame of the client or of the gateway; otherwise the
 * network broke, or the peer fell silent.
 */
export interface SocketEnd {
  /** Close code (RFC 6455 §7.4); 1006 where the connection just broke. */
  readonly code: number;
  /** Whether a close frame ended it. */
  readonly isClean: boolean;
}

/** What a socket tells its connection. */
export interface SocketListener {
  /** A whole text message. */
  onText(text: string): void;
  /** A binary message; its content is not looked at. */
  onBinary(): void;
  /**
   * A message is larger than the engine takes; the rest of it, and all that follows, is not read.
   * The listener closes the socket.
   */
  onTooLarge(): void;
  /** The peer does not answer pings, once. The listener closes the socket. */
  onSilence(): void;
  /** Exactly once, and nothing follows. */
  onEnd(end: SocketEnd): void;
}

/** What an engine is told of one handshake. */
export interface AcceptOptions {
  /** Subprotocol to answer with. */
  readonly protocol: string | undefined;
  /** A peer that is silent for so long is dropped, in ms. */
  readonly idleTimeoutMs: number;
}

/** Turns upgrade requests into sockets. */
export interface WebSocketEngine {
  /**
   * Listens with the HTTP server that belongs to the engine.
   *
   * @throws {ConfigError} when the TLS files hold no usable key pair
   */
  serve(options: ServeOptions, fetch: FetchHandler): Promise<HttpServer>;
  /**
   * Answers an upgrade request, which came through a server that suits the engine.
   *
   * @param onOpen called once the socket is open; gives who listens to it
   * @throws {TypeError} when the request is not a valid WebSocket handshake
   */
  accept(
    request: Request,
    options: AcceptOptions,
    onOpen: (socket: Socket) => SocketListener,
  ): Response;
}
