import type { StreamEntry } from "../events/stream.ts";
import type { Audience, AudienceMember } from "./audience.ts";
import type { Connection } from "./connection.ts";
import type { Outbox } from "./outbox.ts";
import { failSlowReader } from "./parting.ts";

/** More entries than this never wait for one connection, besides those that it missed. */
const MAX_WAITING = 50_000;

/** The same for their length, in UTF-16 units. */
const MAX_WAITING_LENGTH = 8 * 1024 * 1024;

/** Writes an entry as a message. */
export type EncodeEntry = (entry: StreamEntry) => string;

/**
 * The entries on their way to one connection, each once and in the order of `seq`. They can be held
 * back, so that what was missed comes first, and they never run ahead of what the client reads.
 */
export class EventLine implements AudienceMember {
  readonly #connection: Connection;
  readonly #encode: EncodeEntry;
  /** Entries up to this are known to the client, or none of its business. */
  #lastSeq = 0;
  /** The first entry sent; what came before it may be missing. 0 once that is settled. */
  #startSeq: number | undefined;
  #waiting: StreamEntry[] | undefined;
  /** How many of those that wait have arrived live, and how long they are. */
  #arrived = 0;
  #arrivedLength = 0;
  #isHeld = false;
  /** Where the connection is. */
  #audience: Audience | undefined;

  constructor(connection: Connection, encode: EncodeEntry) {
    this.#connection = connection;
    this.#encode = encode;
  }

  get outbox(): Outbox {
    return this.#connection.outbox;
  }

  isAt(seq: number): boolean {
    return this.#waiting === undefined && this.#lastSeq === seq;
  }

  pass(seq: number): void {
    this.#lastSeq = Math.max(this.#lastSeq, seq);
  }

  /** The connection is among these from now on, or nowhere. */
  moveTo(audience: Audience | undefined): void {
    this.#audience?.remove(this);
    this.#audience = audience;
    audience?.add(this);
  }

  /** Keeps entries back until {@linkcode release}. */
  hold(): void {
    this.#audience?.watch(this);
    this.#isHeld = true;
    this.#waiting ??= [];
  }

  /**
   * Goes on after the last entry that the client has, with what it missed. The line must be held.
   *
   * @param missed all entries after `afterSeq`, in order
   * @returns how many are sent; undefined, and nothing changes, when later ones were sent already
   */
  goOn(afterSeq: number, missed: readonly StreamEntry[]): number | undefined {
    const startSeq = this.#startSeq ?? 0;
    if (missed.some(({ seq }) => seq < startSeq)) return undefined;
    this.#startSeq = 0;
    this.pass(afterSeq);
    const fresh = missed.filter(({ seq }) => seq > this.#lastSeq);
    this.#waiting = [...fresh, ...this.#waiting ?? []];
    return fresh.length;
  }

  /** Lets entries go, as fast as the client reads. */
  release(): void {
    this.#isHeld = false;
    this.#waiting?.sort((a, b) => a.seq - b.seq);
    this.flow();
  }

  /**
   * An entry has come.
   *
   * @param message the entry, encoded, where it is at hand
   */
  take(entry: StreamEntry, message: string = this.#encode(entry)): void {
    if (this.#waiting === undefined) {
      this.#send(entry, message);
      return;
    }
    this.#waiting.push(entry);
    this.#arrivedLength += message.length;
    if (++this.#arrived > MAX_WAITING || this.#arrivedLength > MAX_WAITING_LENGTH) this.#fail();
  }

  /** Sends what waits, as long as the client keeps up; call again when it has caught up. */
  flow(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#isHeld) return;
    let sent = 0;
    while (sent < waiting.length && !this.#connection.isLagging) {
      const entry = waiting[sent++] as StreamEntry;
      this.#send(entry, this.#encode(entry));
    }
    if (sent < waiting.length) this.#waiting = waiting.slice(sent);
    else this.#clear();
  }

  #send(entry: StreamEntry, message: string): void {
    if (entry.seq <= this.#lastSeq) return;
    this.#startSeq ??= entry.seq;
    this.#lastSeq = entry.seq;
    this.#connection.send(message);
  }

  #fail(): void {
    this.#clear();
    failSlowReader(this.#connection);
  }

  #clear(): void {
    this.#waiting = undefined;
    this.#arrived = 0;
    this.#arrivedLength = 0;
  }
}
