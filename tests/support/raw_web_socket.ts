/**
 * A WebSocket client on plain TCP, for what the runtime's own does not let a test do: leave without
 * a close frame, stop reading, stay silent, send broken frames, see an upgrade's refusal.
 *
 * @module
 */
import {
  encodeFrame,
  type Frame,
  FrameReader,
  type FrameToSend,
  Opcode,
} from "./web_socket_frames.ts";

/** What {@linkcode RawWebSocket.open} may be told. */
export interface RawOptions {
  /** Entries of `Sec-WebSocket-Protocol`. */
  readonly protocols?: readonly string[];
  /** Headers besides, or instead of, those of the handshake. Null leaves one out. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** Certificates (PEM) to trust, for `wss://`. */
  readonly caCerts?: string[];
}

/** The server's answer to the handshake, when it is not an upgrade. */
export class HandshakeError extends Error {
  override readonly name = "HandshakeError";
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;

  constructor(status: number, headers: Headers, body: string) {
    super(`The upgrade was refused with ${status}: ${body}`);
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** How a connection ended; code 1006 when no close frame came. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** One connection. Listeners must be set in the turn in which `open` resolves. */
export class RawWebSocket {
  /** Each text message. */
  onText: (text: string) => void = () => {};
  /** Answers pings, as a client has to. */
  answersPings = true;
  /** The subprotocol that the server chose. */
  readonly protocol: string;
  readonly closed: Promise<Closed>;
  readonly #connection: Deno.TcpConn | Deno.TlsConn;
  readonly #reader = new FrameReader();
  readonly #ended = Promise.withResolvers<Closed>();
  #end: Closed = { code: 1006, reason: "" };
  #text = "";
  #writing: Promise<unknown> = Promise.resolve();
  #isPaused: PromiseWithResolvers<void> | undefined;
  #isDestroyed = false;

  private constructor(connection: Deno.TcpConn | Deno.TlsConn, protocol: string, rest: Uint8Array) {
    this.#connection = connection;
    this.protocol = protocol;
    this.closed = this.#ended.promise;
    // Whoever opened it sets its listeners first.
    queueMicrotask(() => queueMicrotask(() => void this.#read(rest)));
  }

  /**
   * Connects and shakes hands.
   *
   * @throws {HandshakeError}
   */
  static async open(url: string, options: RawOptions = {}): Promise<RawWebSocket> {
    const { protocol, hostname, port: portText } = new URL(url);
    const port = Number(portText);
    const connection = protocol === "wss:"
      ? await Deno.connectTls({ hostname, port, caCerts: options.caCerts ?? [] })
      : await Deno.connect({ hostname, port });
    try {
      await writeAll(connection, new TextEncoder().encode(handshake(url, options)));
      const { head, rest } = await readHead(connection);
      const { status, headers } = parseHead(head);
      if (status !== 101) {
        throw new HandshakeError(status, headers, await readBody(connection, headers, rest));
      }
      return new RawWebSocket(connection, headers.get("sec-websocket-protocol") ?? "", rest);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Sends a text message. */
  send(text: string): void {
    this.sendFrame({ opcode: Opcode.text, payload: text });
  }

  sendFrame(frame: FrameToSend): void {
    this.sendBytes(encodeFrame(frame));
  }

  /** Sends bytes as they are. */
  sendBytes(bytes: Uint8Array): void {
    this.#writing = this.#writing.then(() => writeAll(this.#connection, bytes)).catch(() => {});
  }

  /** Resolves when everything was handed to the kernel. */
  async flushed(): Promise<void> {
    await this.#writing;
  }

  /** Begins the closing handshake. */
  close(code = 1000, reason = ""): void {
    const text = new TextEncoder().encode(reason);
    const payload = new Uint8Array(2 + text.length);
    new DataView(payload.buffer).setUint16(0, code);
    payload.set(text, 2);
    this.sendFrame({ opcode: Opcode.close, payload });
  }

  /** Reads no further: the server's messages pile up. One read that is under way may still finish. */
  pause(): void {
    this.#isPaused ??= Promise.withResolvers();
  }

  resume(): void {
    this.#isPaused?.resolve();
    this.#isPaused = undefined;
  }

  /** Cuts the connection without a close frame. */
  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#connection.close();
    this.resume();
  }

  async #read(rest: Uint8Array): Promise<void> {
    const buffer = new Uint8Array(65_536);
    this.#take(rest);
    while (!this.#isDestroyed) {
      await this.#isPaused?.promise;
      const length = await this.#connection.read(buffer).catch(() => null);
      if (length === null) break;
      this.#take(buffer.subarray(0, length));
    }
    this.destroy();
    await this.#writing;
    this.#ended.resolve(this.#end);
  }

  #take(chunk: Uint8Array): void {
    for (const frame of this.#reader.push(chunk)) this.#handle(frame);
  }

  #handle({ opcode, payload, isFinal }: Frame): void {
    if (opcode === Opcode.ping) {
      if (this.answersPings) this.sendFrame({ opcode: Opcode.pong, payload });
    } else if (opcode === Opcode.close) {
      this.#end = readClose(payload);
      this.sendFrame({ opcode: Opcode.close, payload: payload.subarray(0, 2) });
      void this.#writing.then(() => this.destroy());
    } else if (opcode === Opcode.text || opcode === Opcode.continuation) {
      this.#text += new TextDecoder().decode(payload);
      if (!isFinal) return;
      const text = this.#text;
      this.#text = "";
      this.onText(text);
    }
  }
}

function readClose(payload: Uint8Array): Closed {
  if (payload.length < 2) return { code: 1005, reason: "" };
  const code = new DataView(payload.buffer, payload.byteOffset).getUint16(0);
  return { code, reason: new TextDecoder().decode(payload.subarray(2)) };
}

function handshake(url: string, { protocols = [], headers = {} }: RawOptions): string {
  const { host, pathname, search } = new URL(url);
  const all: Record<string, string | null> = {
    "Host": host,
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16)))),
    ...(protocols.length === 0 ? {} : { "Sec-WebSocket-Protocol": protocols.join(", ") }),
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== null);
  return `GET ${pathname}${search} HTTP/1.1\r\n` +
    lines.map(([name, value]) => `${name}: ${value}\r\n`).join("") + "\r\n";
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await connection.write(rest));
}

/** Reads up to the empty line that ends the headers. */
async function readHead(connection: Deno.Conn): Promise<{ head: string; rest: Uint8Array }> {
  let bytes = new Uint8Array();
  while (true) {
    const text = new TextDecoder("latin1").decode(bytes);
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0) return { head: text.slice(0, end), rest: bytes.slice(end + 4) };
    const chunk = await readSome(connection);
    if (chunk === undefined) throw new Error("The connection ended during the handshake");
    bytes = joined(bytes, chunk);
  }
}

function parseHead(head: string): { status: number; headers: Headers } {
  const [statusLine = "", ...lines] = head.split("\r\n");
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return { status: Number(statusLine.split(" ")[1]), headers };
}

async function readBody(
  connection: Deno.Conn,
  headers: Headers,
  rest: Uint8Array,
): Promise<string> {
  const length = Number(headers.get("content-length") ?? 0);
  let bytes = new Uint8Array(rest);
  while (bytes.length < length) {
    const chunk = await readSome(connection);
    if (chunk === undefined) break;
    bytes = joined(bytes, chunk);
  }
  return new TextDecoder().decode(bytes);
}

async function readSome(connection: Deno.Conn): Promise<Uint8Array | undefined> {
  const buffer = new Uint8Array(16_384);
  const length = await connection.read(buffer);
  return length === null ? undefined : buffer.subarray(0, length);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
