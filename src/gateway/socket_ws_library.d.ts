/**
 * What we use of `npm:ws`, which brings no types. Those of `@types/ws` pull in `@types/node`, which
 * then stands for Deno's own types of `node:` modules everywhere.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

export class WebSocket {
  static readonly OPEN: 1;
  readonly readyState: 0 | 1 | 2 | 3;
  /** Bytes in the library and in the stream below it. */
  readonly bufferedAmount: number;
  constructor(address: null, protocols: undefined, options: object);
  on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): this;
  on(event: "ping" | "pong", listener: (data: Buffer) => void): this;
  on(event: "close", listener: (code: number, reason: Buffer) => void): this;
  on(event: "error", listener: (error: Error) => void): this;
  send(data: string | Uint8Array, options?: { readonly binary?: boolean }): void;
  ping(): void;
  /** Reads no further. */
  pause(): void;
  /** Reads on. */
  resume(): void;
  readonly isPaused: boolean;
  close(code?: number, reason?: string | Buffer): void;
  terminate(): void;
}

export interface ServerOptions {
  /** The connection comes through `handleUpgrade`. */
  readonly noServer: true;
  readonly clientTracking: boolean;
  readonly perMessageDeflate: boolean;
  /** Bytes of a message, its fragments together. */
  readonly maxPayload: number;
  readonly maxFragments: number;
  /** Pieces in which one frame may arrive. */
  readonly maxBufferedChunks: number;
  /** How long a peer may take to end the connection after a close frame, in ms. */
  readonly closeTimeout: number;
  readonly WebSocket: typeof WebSocket;
}

export class WebSocketServer {
  constructor(options: ServerOptions);
  on(
    event: "wsClientError",
    listener: (error: Error, socket: Duplex, request: IncomingMessage) => void,
  ): this;
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    callback: (webSocket: WebSocket, request: IncomingMessage) => void,
  ): void;
}
