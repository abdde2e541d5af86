import type { ResumeResult } from "../protocol/methods.ts";

/** A message of the user's numbered stream. */
export interface StreamMessage {
  readonly method: string;
  readonly params: { readonly seq: number };
}

/**
 * The user's stream of events and announcements over connections: each message is delivered once,
 * in the order of `seq`.
 *
 * What a new connection brings before the answer to `session.resume`, and while the missed messages
 * follow, is held: it is newer than what was missed.
 */
export class EventStream {
  readonly #deliver: (message: StreamMessage) => void;
  #lastSeq = 0;
  /** Whether nothing was delivered since a fresh start, so that any number may come. */
  #fresh = false;
  #held: StreamMessage[] | null = null;
  #releasing: StreamMessage[] = [];
  #replayLeft = 0;

  constructor(deliver: (message: StreamMessage) => void) {
    this.#deliver = deliver;
  }

  /** The greatest `seq` delivered, before a fresh start too; 0 for none. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** A new connection begins, on which the session will be resumed. */
  hold(): void {
    this.#fresh = false;
    this.#held = [];
    this.#replayLeft = Infinity;
  }

  /** The session was resumed, or was not: then numbering may have started anew. */
  settle({ resumed, replayed }: ResumeResult): void {
    if (!resumed) this.#lastSeq = 0;
    this.#replayLeft = resumed ? replayed : 0;
    if (this.#replayLeft === 0) this.#release();
  }

  /** Another user: nothing is known and nothing is awaited. */
  reset(): void {
    this.#lastSeq = 0;
    this.#held = null;
  }

  /** The same user's fresh start: what was delivered stays so, should this session be resumed. */
  restart(): void {
    this.#fresh = true;
    this.#held = null;
  }

  /** The connection is gone: what is held was not delivered, and comes again. */
  stop(): void {
    this.#held = null;
    this.#releasing = [];
  }

  /** Takes a message as it comes from the connection. */
  accept(message: StreamMessage): void {
    if (this.#held === null) return this.#pass(message);
    if (this.#replayLeft === Infinity) {
      this.#held.push(message);
      return;
    }
    this.#pass(message);
    if (--this.#replayLeft === 0) this.#release();
  }

  #release(): void {
    this.#releasing = this.#held ?? [];
    this.#held = null;
    // Whoever listens may end the connection.
    while (this.#releasing.length > 0) this.#pass(this.#releasing.shift() as StreamMessage);
  }

  /** Drops what was delivered before; a message without a number passes. */
  #pass(message: StreamMessage): void {
    const { seq } = message.params;
    if (seq <= this.#lastSeq && !this.#fresh) return;
    if (typeof seq === "number") {
      this.#lastSeq = seq;
      this.#fresh = false;
    }
    this.#deliver(message);
  }
}
