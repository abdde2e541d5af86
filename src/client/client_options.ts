/** Passed to a token function. */
export interface TokenContext {
  /** Aborted when the token is no longer wanted. */
  readonly signal: AbortSignal;
}

/** Gives a token for each try: fetch it from the game's own server. */
export type TokenFunction = (context: TokenContext) => string | Promise<string>;

/** The part of the standard WebSocket that the client uses. */
export interface WebSocketLike {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  /** Sends one text frame. */
  send(data: string): void;
  /** Starts the closing handshake (RFC 6455 §7.1.2). */
  close(code?: number, reason?: string): void;
  /** Listeners are given the standard events: a message's `data`, a close's `code` and `reason`. */
  addEventListener(type: "open" | "message" | "close" | "error", listener: () => void): void;
  /** Where the runtime has it (Node's `ws`): ends a dead connection without a handshake. */
  terminate?(): void;
}

/** The standard WebSocket constructor, or one like it (`ws` in Node before 22). */
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** Options of a client. */
export interface ClientOptions {
  /**
   * Address of the gateway's `/ws`: `wss://game.example/ws`. `https:` and `http:` count as `wss:`
   * and `ws:`; in a page it may be relative to it.
   */
  readonly url: string | URL;
  /** A JWT; or, so that the client can stay longer than one token lives, a function that gets one. */
  readonly token: string | TokenFunction;
  /** For runtimes without a global WebSocket: the one of `ws`. */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /** How long one try to connect may take, token and welcome included, in ms. @default {10000} */
  readonly connectTimeoutMs?: number | undefined;
  /** How long a call waits for its answer unless it says otherwise, in ms. @default {10000} */
  readonly callTimeoutMs?: number | undefined;
  /**
   * How many requests may wait while there is no connection; they are sent, in order, once there is
   * one. 0: requests fail at once when there is no connection. More than the server's
   * `RATE_LIMIT_BURST` (100) at once it answers with rate limited. @default {100}
   */
  readonly queueLimit?: number | undefined;
}

/** Options of one call. */
export interface CallOptions {
  /** How long to wait for the answer, in ms; waiting for a connection counts. */
  readonly timeoutMs?: number | undefined;
  /** Stops waiting; the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `connect()`. */
export interface ConnectOptions {
  /** Stops waiting; the call that began to connect also gives up connecting. */
  readonly signal?: AbortSignal | undefined;
}
