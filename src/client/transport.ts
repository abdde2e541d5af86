import type { WebSocketConstructor, WebSocketLike } from "./client_options.ts";

const OPEN = 1;

/** What a socket tells; see RFC 6455 and the WebSockets standard. */
interface SocketEvents {
  readonly open: unknown;
  readonly message: { readonly data: unknown };
  readonly close: { readonly code: number; readonly reason: string };
  /** Browsers say nothing more; Deno and `ws` give a message. */
  readonly error: { readonly message?: string };
}

/** How a socket ended. */
export interface SocketEnd {
  /** The close code (RFC 6455 §7.4), 1006 when there was no close frame. */
  readonly code: number;
  /** The server's words or, where it said nothing, the runtime's. */
  readonly reason: string;
  /** Whether the handshake had succeeded. */
  readonly opened: boolean;
}

/** One WebSocket. Once it was closed or dropped from this side, nothing of it is heard again. */
export class Transport {
  /** Resolves, once, when the socket has ended; never rejects. */
  readonly ended: Promise<SocketEnd>;
  readonly #socket: WebSocketLike;
  #end: (end: SocketEnd) => void = () => {};
  #opened = false;
  #problem = "";
  #muted = false;

  /**
   * @param onFrame called with each frame's text; null for a binary one
   * @throws the constructor's error for an address or subprotocol that cannot be
   */
  constructor(
    Socket: WebSocketConstructor,
    url: string,
    protocols: string[],
    onFrame: (text: string | null) => void,
  ) {
    this.ended = new Promise((resolve) => this.#end = resolve);
    this.#socket = new Socket(url, protocols);
    this.#on("open", () => {
      this.#opened = true;
    });
    this.#on("message", ({ data }) => {
      if (!this.#muted) onFrame(typeof data === "string" ? data : null);
    });
    this.#on("close", ({ code, reason }) => {
      this.#end({ code, reason: reason || this.#problem, opened: this.#opened });
    });
    // A close event follows. Without a listener, `ws` would throw the error.
    this.#on("error", ({ message = "" }) => {
      this.#problem = message;
    });
  }

  /** Whether this side has closed or dropped it. */
  get muted(): boolean {
    return this.#muted;
  }

  /** Sends a text frame. @returns false when the socket does not take any */
  send(text: string): boolean {
    if (this.#muted || this.#socket.readyState !== OPEN) return false;
    this.#socket.send(text);
    return true;
  }

  /** Takes leave; `ended` resolves when the server has answered. */
  close(): void {
    this.#muted = true;
    this.#socket.close(1000);
  }

  /** Gives the socket up without waiting for anything; `ended` resolves with `code`. */
  drop(code: number, reason: string): void {
    this.#muted = true;
    this.#end({ code, reason, opened: this.#opened });
    if (this.#socket.terminate === undefined) this.#socket.close();
    else this.#socket.terminate();
  }

  #on<Type extends keyof SocketEvents>(
    type: Type,
    listener: (event: SocketEvents[Type]) => void,
  ): void {
    // The declared type leaves the event out, so that every runtime's WebSocket fits it.
    this.#socket.addEventListener(type, listener as () => void);
  }
}
