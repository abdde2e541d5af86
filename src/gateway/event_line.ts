import type { StreamEntry } from "../events/stream.ts";
import { CloseCode } from "../protocol/close_codes.ts";
import { ErrorCode, RpcError } from "../protocol/errors.ts";
import type { Connection } from "./connection.ts";

/** More entries than this never wait for one connection. */
const MAX_WAITING = 50_000;

/**
 * The entries on their way to one connection, each once and in the order of `seq`. They can be held
 * back, so that what was missed comes first, and they never run ahead of what the client reads.
 */
export class EventLine {
  readonly #connection: Connection;
  readonly #encode: (entry: StreamEntry) => string;
  /** Entries up to this are known to the client, or none of its business. */
  #lastSeq = 0;
  #waiting: StreamEntry[] | undefined;
  #isHeld = false;

  constructor(connection: Connection, encode: (entry: StreamEntry) => string) {
    this.#connection = connection;
    this.#encode = encode;
  }

  /** Whether entries wait, for whatever reason. */
  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** Keeps entries back until {@linkcode release}. */
  hold(): void {
    this.#isHeld = true;
    this.#waiting ??= [];
  }

  /** Puts what was missed before what waits. */
  putFirst(entries: readonly StreamEntry[]): void {
    this.#waiting = [...entries, ...this.#waiting ?? []];
  }

  /** Lets entries go, as fast as the client reads. */
  release(): void {
    this.#isHeld = false;
    this.#waiting?.sort((a, b) => a.seq - b.seq);
    this.flow();
  }

  /** An entry has come. */
  take(entry: StreamEntry): void {
    if (this.#waiting === undefined) this.#send(entry);
    else if (this.#waiting.push(entry) > MAX_WAITING) {
      this.#connection.fail(
        CloseCode.slowReader,
        new RpcError(ErrorCode.tooLarge, undefined, "Too much is unread"),
        "too slow a reader",
      );
    }
  }

  /** Sends what waits, as long as the client keeps up; call again when it has caught up. */
  flow(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#isHeld) return;
    let sent = 0;
    while (sent < waiting.length && !this.#connection.isLagging) {
      this.#send(waiting[sent++] as StreamEntry);
    }
    this.#waiting = sent === waiting.length ? undefined : waiting.slice(sent);
  }

  #send(entry: StreamEntry): void {
    if (entry.seq <= this.#lastSeq) return;
    this.#lastSeq = entry.seq;
    this.#connection.send(this.#encode(entry));
  }
}
