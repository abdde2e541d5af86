import { RawWebSocket } from "../support/raw_web_socket.ts";

/** Told of what comes over a socket. */
export interface LoadSocketListener {
  onText(text: string): void;
  /** It has ended; 1006 when without a close frame. Comes once, also when there was no connecting. */
  onClosed(code: number): void;
}

/** One connection, as far as a client of the loader sees it. */
export interface LoadSocket {
  readonly isOpen: boolean;
  send(text: string): void;
  /** Begins to leave, with a close frame. */
  close(): void;
}

/** Begins to connect to `ws://…/ws`. */
export type Dial = (
  url: string,
  protocols: readonly string[],
  listener: LoadSocketListener,
) => LoadSocket;

/** Connects with the runtime's own WebSocket. */
export function dial(
  url: string,
  protocols: readonly string[],
  listener: LoadSocketListener,
): LoadSocket {
  const socket = new WebSocket(url, [...protocols]);
  socket.onmessage = ({ data }) => listener.onText(String(data));
  socket.onclose = ({ code }) => listener.onClosed(code);
  // A close follows.
  socket.onerror = (event) => event.preventDefault();
  return {
    get isOpen() {
      return socket.readyState === WebSocket.OPEN;
    },
    send: (text) => socket.send(text),
    close: () => socket.close(1000),
  };
}

/** A connection that can be broken, as a network breaks it: the runtime's own WebSocket cannot. */
export class BreakableSocket implements LoadSocket {
  readonly #listener: LoadSocketListener;
  #socket: RawWebSocket | undefined;

  constructor(url: string, protocols: readonly string[], listener: LoadSocketListener) {
    this.#listener = listener;
    this.#connect(url, protocols).catch(() => listener.onClosed(1006));
  }

  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  send(text: string): void {
    this.#socket?.send(text);
  }

  close(): void {
    this.#socket?.close(1000);
  }

  /** Ends it without a close frame. */
  break(): void {
    this.#socket?.destroy();
  }

  async #connect(url: string, protocols: readonly string[]): Promise<void> {
    const socket = await RawWebSocket.open(url, { protocols });
    this.#socket = socket;
    socket.onText = (text) => this.#listener.onText(text);
    void socket.closed.then(({ code }) => {
      this.#socket = undefined;
      this.#listener.onClosed(code);
    });
  }
}
