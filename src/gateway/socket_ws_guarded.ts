import type { Buffer } from "node:buffer";
import { setImmediate } from "node:timers";
// @ts-types="./socket_ws_library.d.ts"
import { WebSocket } from "ws";
import { CloseCode } from "../protocol/close_codes.ts";
import { RateLimit } from "./rate_limit.ts";
import type { Socket, SocketListener } from "./socket.ts";
import type { WatchedPeer } from "./socket_ws_peers.ts";

/** What still comes after a message too large, or a breach, is thrown away for so long, in ms. */
const READ_ON_MS = 1000;

/** What is reported when a close frame had no code (RFC 6455 §7.1.5). */
const NO_STATUS = 1005;
/** RFC 6455 §7.4.1. */
const POLICY_VIOLATION = 1008;

/**
 * After so much from one peer the others have a turn, in bytes; what a message costs beyond its size
 * counts as so many more. The runtime's sockets would read on for as long as there is something.
 */
const TURN_BYTES = 65_536;
const MESSAGE_COST_BYTES = 256;

/** Pings and pongs that flow in steadily, and at once; some hundreds more end the connection. */
const CONTROL_FRAMES_PER_S = 20;
const CONTROL_FRAMES_BURST = 100;

/**
 * The library closes by itself for three reasons: the client's close frame, a message too large, and
 * a breach of the protocol. The second is left to the listener, which has an answer to send first.
 */
export class GuardedWebSocket extends WebSocket {
  onTooLarge: () => void = () => {};
  onClosing: (code: number) => void = () => {};
  #readingOn: ReturnType<typeof setTimeout> | undefined;
  /** What came of the peer's turn, in bytes. */
  #turnBytes = 0;
  #isDeaf = false;

  /** Only the library calls this: with a code alone when it reads no more, else to answer (§5.5.1). */
  override close(code?: number, reason?: string | Buffer): void {
    const isBroken = code !== undefined && reason === undefined;
    if (isBroken) this.#stopReading();
    if (isBroken && code === CloseCode.messageTooBig) {
      this.onTooLarge();
      return;
    }
    this.shut(code, reason);
    this.onClosing(code ?? NO_STATUS);
  }

  /** Starts or answers the closing handshake. */
  shut(code: number | undefined, reason: string | Buffer | undefined): void {
    super.close(code, reason);
  }

  /** Lets the others have their turn once this peer had its own. */
  takeTurn(bytes: number): void {
    this.#turnBytes += bytes + MESSAGE_COST_BYTES;
    if (this.#turnBytes < TURN_BYTES) return;
    this.#turnBytes = 0;
    if (this.isPaused) return;
    this.pause();
    setImmediate(() => {
      if (!this.#isDeaf) this.resume();
    });
  }

  /** What is on its way has to be read, or our last words get lost; but nobody may send for ever. */
  #stopReading(): void {
    this.#readingOn = setTimeout(() => {
      this.#isDeaf = true;
      this.pause();
    }, READ_ON_MS);
    this.on("close", () => clearTimeout(this.#readingOn));
  }
}

/** One socket of the library, as a connection sees it. */
export class WsSocket implements Socket, WatchedPeer {
  hasSpoken = false;
  readonly #socket: GuardedWebSocket;
  #listener: SocketListener | undefined;
  #controlLimit: RateLimit | undefined;

  constructor(socket: GuardedWebSocket) {
    this.#socket = socket;
    // A close event follows every error; without a listener the error would end the process.
    socket.on("error", () => {});
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /**
   * @param onOver nothing will be heard of the peer any more
   * @param onGone the connection itself is gone
   */
  listen(listener: SocketListener, onOver: () => void, onGone: () => void): void {
    const socket = this.#socket;
    let isOver = false;
    const end = (code: number): void => {
      if (isOver) return;
      isOver = true;
      onOver();
      listener.onEnd({ code, isClean: code !== CloseCode.abnormal });
    };
    this.#listener = listener;
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      this.hasSpoken = true;
      socket.takeTurn(data.length);
      if (isOver) return;
      if (isBinary) listener.onBinary();
      else listener.onText(data.toString());
    });
    const onControl = (): void => {
      this.hasSpoken = true;
      if (isOver || this.#takesControl(performance.now())) return;
      this.close(POLICY_VIOLATION, "too many pings");
      end(POLICY_VIOLATION);
    };
    socket.on("pong", onControl);
    socket.on("ping", onControl);
    socket.on("close", () => {
      end(CloseCode.abnormal);
      onGone();
    });
    socket.onClosing = end;
    socket.onTooLarge = () => listener.onTooLarge();
  }

  /** Whether one more ping or pong is borne. */
  #takesControl(nowMs: number): boolean {
    this.#controlLimit ??= new RateLimit(CONTROL_FRAMES_PER_S, CONTROL_FRAMES_BURST, nowMs);
    return this.#controlLimit.take(nowMs) !== "flood";
  }

  send(text: string): void {
    if (this.isOpen) this.#socket.send(text);
  }

  ping(): void {
    if (this.isOpen) this.#socket.ping();
  }

  onSilence(): void {
    this.#listener?.onSilence();
  }

  close(code: number, reason: string): void {
    this.#socket.shut(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }
}
