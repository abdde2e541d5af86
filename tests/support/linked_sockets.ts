/**
 * A pair of sockets linked in memory: the server's side behind the gateway's narrow interface, the
 * client's side in the hand of a test. For what real sockets do not let a test control: when bytes
 * are taken, and in which turn things happen.
 *
 * @module
 */
import type { Socket, SocketListener } from "../../src/gateway/socket.ts";
import { utf8Length } from "../../src/gateway/utf8.ts";
import type { Closed } from "./raw_web_socket.ts";

type Sent = { readonly text: string } | Closed;

/** The client's side, and all that it received. */
export class LinkedClient {
  /** Text frames, as they came. */
  readonly frames: string[] = [];
  /** How the server closed, once its close frame arrived; 1006 when it terminated. */
  closed: Closed | undefined;
  readonly #socket: LinkedSocket;

  constructor(socket: LinkedSocket) {
    this.#socket = socket;
  }

  /** Messages received, parsed; those of gathered frames one by one. */
  get messages(): Record<string, unknown>[] {
    return this.frames.flatMap((frame) => JSON.parse(frame));
  }

  send(message: unknown): void {
    this.sendRaw(JSON.stringify(message));
  }

  sendRaw(text: string): void {
    this.#socket.listener?.onText(text);
  }

  sendBinary(): void {
    this.#socket.listener?.onBinary();
  }

  /** Says goodbye. */
  close(code = 1000): void {
    this.#socket.end({ code, reason: "" }, true);
  }

  /** Breaks without a word. */
  drop(): void {
    this.#socket.end({ code: 1006, reason: "" }, false);
  }

  /** Takes no more bytes; what the server sends is buffered in its socket. */
  pause(): void {
    this.#socket.isRead = false;
  }

  /** Takes up to so many buffered frames, or all and from then on every one. */
  read(frames = Infinity): void {
    if (frames === Infinity) this.#socket.isRead = true;
    this.#socket.deliver(frames);
  }
}

/** The server's side. */
export class LinkedSocket implements Socket {
  /** Whoever listens to this side; set it as an engine would, once the socket is open. */
  listener: SocketListener | undefined;
  isOpen = true;
  isTerminated = false;
  isRead = true;
  readonly client: LinkedClient = new LinkedClient(this);
  readonly #buffered: Sent[] = [];
  #isEnded = false;

  get bufferedBytes(): number {
    let bytes = 0;
    for (const sent of this.#buffered) if ("text" in sent) bytes += utf8Length(sent.text);
    return bytes;
  }

  send(text: string): void {
    if (!this.isOpen) return;
    this.#buffered.push({ text });
    if (this.isRead) this.deliver();
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#buffered.push({ code, reason });
    if (this.isRead) this.deliver();
  }

  terminate(): void {
    this.isTerminated = true;
    this.end({ code: 1006, reason: "" }, false);
  }

  /** Hands the client up to so many of the buffered frames. */
  deliver(frames = Infinity): void {
    for (const sent of this.#buffered.splice(0, frames)) {
      if ("text" in sent) {
        this.client.frames.push(sent.text);
        continue;
      }
      this.client.closed = sent;
      this.end(sent, true);
    }
  }

  /** Ends the link, once. */
  end(closed: Closed, isClean: boolean): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.isOpen = false;
    this.#buffered.length = 0;
    this.client.closed ??= closed;
    this.listener?.onEnd({ code: closed.code, isClean });
  }
}
