/**
 * NATS over TCP and TLS, on Deno's own sockets.
 *
 * The library's transport for Node.js takes its error handlers off a socket before it closes it, and a
 * reset that arrives in between ends a Deno process: a refused login is enough.
 *
 * @module
 */

import type { ConnectionOptions, Server, ServerInfo } from "@nats-io/nats-core";
import {
  checkOptions,
  DataBuffer,
  extractProtocolMessage,
  INFO,
  type Transport,
} from "@nats-io/nats-core/internal";

const READ_BYTES = 65_536;
/** The first line of a server is a few hundred bytes: what is longer is not from NATS. */
const INFO_LIMIT_BYTES = 65_536;

/** One connection to one server; NATS's client makes a new one for each attempt. */
export class NatsTransport implements Transport {
  readonly lang = "deno";
  readonly version: string = Deno.version.deno;
  closeError?: Error;
  readonly #buffer = new Uint8Array(READ_BYTES);
  readonly #ended = new AbortController();
  readonly #closed = Promise.withResolvers<void | Error>();
  #socket: Deno.TcpConn | Deno.TlsConn | undefined;
  /** What was read before {@linkcode connect} was done. */
  #introduction: Uint8Array = new Uint8Array();
  #connected = false;
  #waiting: Uint8Array[] = [];
  #writing = false;

  get isClosed(): boolean {
    return this.#ended.signal.aborted;
  }

  /** Dials, reads how the server introduces itself, and encrypts if either side wants that. */
  async connect(server: Server, options: ConnectionOptions): Promise<void> {
    const { hostname, port, tlsName } = server;
    try {
      const socket = await Deno.connect({ hostname, port, signal: this.#ended.signal });
      this.#hold(socket);
      socket.setNoDelay();
      const info = await this.#readInfo(socket);
      checkOptions(info, options);
      if (info.tls_required || info.tls_available) {
        const encrypted = await Deno.startTls(socket, { hostname: tlsName || hostname });
        this.#hold(encrypted);
        await encrypted.handshake();
      }
      this.#connected = true;
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  /** What the server sends, as it comes; ends with the connection, and ends it when nobody reads on. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    try {
      yield this.#introduction;
      while (this.#socket && !this.isClosed) {
        const length = await this.#socket.read(this.#buffer);
        if (length === null) break;
        // The client keeps parts of what it gets.
        yield this.#buffer.slice(0, length);
      }
    } catch (error) {
      this.#end(error);
    } finally {
      this.#end();
    }
  }

  isEncrypted(): boolean {
    return this.#socket !== undefined && "handshake" in this.#socket;
  }

  send(frame: Uint8Array): void {
    if (this.isClosed) return;
    this.#waiting.push(frame);
    if (!this.#writing) this.#write();
  }

  close(error?: Error): Promise<void> {
    this.#end(error);
    return Promise.resolve();
  }

  disconnect(): void {
    this.#end();
  }

  closed(): Promise<void | Error> {
    return this.#closed.promise;
  }

  /** Ends it without telling {@linkcode closed}. */
  discard(): void {
    if (this.isClosed) return;
    this.#ended.abort();
    this.#release();
  }

  async #readInfo(socket: Deno.TcpConn): Promise<ServerInfo> {
    while (this.#introduction.length < INFO_LIMIT_BYTES) {
      const length = await socket.read(this.#buffer);
      if (length === null) throw new Error("The server closed the connection at once");
      this.#introduction = DataBuffer.concat(this.#introduction, this.#buffer.subarray(0, length));
      const line = extractProtocolMessage(this.#introduction);
      if (line === "") continue;
      const [, info] = INFO.exec(line) ?? [];
      if (info === undefined) break;
      return JSON.parse(info);
    }
    throw new Error("What answers there is not a NATS server");
  }

  /** Writes what waits, in order and as few pieces as possible. */
  async #write(): Promise<void> {
    this.#writing = true;
    try {
      while (this.#socket && this.#waiting.length > 0) {
        const bytes = DataBuffer.concat(...this.#waiting);
        this.#waiting = [];
        for (let at = 0; at < bytes.length;) at += await this.#socket.write(bytes.subarray(at));
      }
    } catch (error) {
      this.#end(error);
    }
    this.#writing = false;
  }

  #hold(socket: Deno.TcpConn | Deno.TlsConn): void {
    this.#socket = socket;
    if (this.isClosed) {
      this.#release();
      throw new Error("The connection is no longer wanted");
    }
  }

  #end(error?: unknown): void {
    if (this.isClosed) return;
    if (error instanceof Error) this.closeError = error;
    this.discard();
    // The client takes the end of an attempt that never connected from its connect() alone.
    if (this.#connected) this.#closed.resolve(this.closeError);
  }

  #release(): void {
    this.#waiting = [];
    try {
      this.#socket?.close();
    } catch {
      // Deno closes the socket itself when an encryption fails.
    }
    this.#socket = undefined;
  }
}
