import { Buffer } from "node:buffer";
import type { Dialect, Step } from "./dialect.ts";
import { CLOSE_FRAME, encodeFrame, FrameReader, type FrameVisitor, textOf } from "./frames.ts";
import { close, connect, receive, send } from "./libc.ts";

/** Where a client goes, and as whom. */
export interface Destination {
  readonly port: number;
  readonly dialect: Dialect;
  /** JWT, sent as `Authorization: Bearer …`. */
  readonly token: string | undefined;
  /** What follows the dialect's greeting. */
  readonly then: readonly Step[];
}

const CRLF = "\r\n";
const HEAD_END = "\r\n\r\n";

const encoder = new TextEncoder();
const buffer = Buffer.alloc(65_536);

/**
 * A client on its way in: matchmaking where there is any, the upgrade, and the first words of its
 * protocol until it is served.
 */
export class Dial implements FrameVisitor {
  readonly #destination: Destination;
  readonly #steps: readonly Step[];
  #step = 0;
  #descriptor: number;
  #reader: FrameReader | undefined;
  /** One character for each byte. */
  #head = "";
  #isMatchmaking: boolean;
  #isClosed = false;

  constructor(destination: Destination) {
    const { port, dialect } = destination;
    this.#destination = destination;
    this.#steps = [...dialect.greeting, ...destination.then];
    this.#descriptor = connect(port);
    this.#isMatchmaking = dialect.matchmaking !== undefined;
    if (dialect.matchmaking === undefined) this.#upgrade(dialect.upgradePath);
    else {
      const headers = ["Content-Type: application/json", "Content-Length: 2"];
      this.#say(this.#request("POST", dialect.matchmaking.path, headers, "{}"));
    }
  }

  get descriptor(): number {
    return this.#descriptor;
  }

  /** What reads the frames that follow. */
  get reader(): FrameReader {
    if (this.#reader === undefined) throw new Error("The client is not upgraded yet");
    return this.#reader;
  }

  /** Whether everything expected has come. */
  get isServed(): boolean {
    return this.#step === this.#steps.length;
  }

  /** Whether the server has said goodbye. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Reads what is there.
   *
   * @returns whether the descriptor is another one now
   * @throws {Error} when the server refuses, or hangs up
   */
  advance(): boolean {
    const length = receive(this.#descriptor, buffer);
    if (length <= 0) {
      if (this.isServed) this.#isClosed = true;
      else throw new Error("The server hung up on a client that it had not served yet");
      return false;
    }
    if (this.#reader !== undefined) {
      this.#reader.read(buffer, length, this);
      return false;
    }
    this.#head += buffer.toString("latin1", 0, length);
    const end = this.#head.indexOf(HEAD_END);
    if (end < 0) return false;
    return this.#isMatchmaking ? this.#matched(end) : this.#upgraded(end);
  }

  /** Says goodbye; {@linkcode isClosed} once the server has, too. */
  leave(): void {
    send(this.#descriptor, CLOSE_FRAME, CLOSE_FRAME.length);
  }

  close(): void {
    close(this.#descriptor);
  }

  onData(payload: Uint8Array): void {
    const step = this.#steps[this.#step];
    if (step === undefined || !textOf(payload).includes(step.expect)) return;
    this.#step++;
    const next = this.#steps[this.#step]?.send;
    if (next !== undefined) this.#say(encodeFrame(next));
  }

  onClose(): void {
    if (!this.isServed) throw new Error("The server refused a client by a close frame");
    this.#isClosed = true;
  }

  #matched(headEnd: number): boolean {
    const body = this.#head.slice(headEnd + HEAD_END.length);
    const { matchmaking } = this.#destination.dialect;
    if (matchmaking === undefined || !body.endsWith("}")) return false;
    close(this.#descriptor);
    this.#head = "";
    this.#isMatchmaking = false;
    this.#descriptor = connect(this.#destination.port);
    this.#upgrade(matchmaking.upgradePath(body));
    return true;
  }

  #upgraded(headEnd: number): boolean {
    if (!this.#head.startsWith("HTTP/1.1 101")) {
      throw new Error(`The server refused a client: ${this.#head.split(CRLF, 1)[0]}`);
    }
    const rest = Buffer.from(this.#head.slice(headEnd + HEAD_END.length), "latin1");
    this.#head = "";
    this.#reader = new FrameReader();
    this.#reader.read(rest, rest.length, this);
    return false;
  }

  #upgrade(path: string): void {
    const { protocol } = this.#destination.dialect;
    this.#say(this.#request("GET", path, [
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    ]));
  }

  #request(verb: string, path: string, headers: readonly string[], body = ""): Uint8Array {
    const { token } = this.#destination;
    const head = [
      `${verb} ${path} HTTP/1.1`,
      "Host: 127.0.0.1",
      ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
      ...headers,
    ];
    return encoder.encode(head.join(CRLF) + HEAD_END + body);
  }

  #say(bytes: Uint8Array): void {
    send(this.#descriptor, bytes, bytes.length);
  }
}
