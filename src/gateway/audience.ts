import type { EventEntry } from "../events/stream.ts";
import type { Outbox } from "./outbox.ts";

/** Somebody of an audience: a line of entries that ends in an outbox. */
export interface AudienceMember {
  readonly outbox: Outbox;
  /** Whether nothing waits and the last entry sent is this one: whatever comes next follows it. */
  isAt(seq: number): boolean;
  /** Entries up to this have been sent past it. */
  pass(seq: number): void;
  /** Takes an entry, once and in its order. */
  take(entry: EventEntry, message: string): void;
}

/**
 * Who of this node is at one location. Where nothing waits for a connection, an event costs it the
 * send and nothing else: how far all of these have got is kept here, once. On its way to a thousand
 * sockets the processor finds none of their state in its caches, and each object that is looked at
 * takes a hundredth of the time that the send takes.
 */
export class Audience {
  /** What comes goes straight out to these. */
  readonly #flowing = new Set<Outbox>();
  /** Of these, each decides for itself about each entry. */
  readonly #watched = new Set<AudienceMember>();
  #latestSeq = 0;

  get size(): number {
    return this.#flowing.size + this.#watched.size;
  }

  add(member: AudienceMember): void {
    this.#watched.add(member);
  }

  remove(member: AudienceMember): void {
    this.watch(member);
    this.#watched.delete(member);
  }

  /** Lets a member decide about each entry, until it has again sent the latest. */
  watch(member: AudienceMember): void {
    if (!this.#flowing.delete(member.outbox)) return;
    member.pass(this.#latestSeq);
    this.#watched.add(member);
  }

  /** @param message the entry, encoded */
  send(entry: EventEntry, message: string): void {
    for (const outbox of this.#flowing) outbox.send(message);
    this.#latestSeq = entry.seq;
    for (const member of this.#watched) {
      member.take(entry, message);
      // It may have left while it took it.
      if (member.isAt(entry.seq) && this.#watched.delete(member)) this.#flowing.add(member.outbox);
    }
  }
}
