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
  #held: StreamMessage[] | null = null;
  #replayLeft = 0;

  constructor(deliver: (message: StreamMessage) => void) {
    this.#deliver = deliver;
  }

  /** The greatest `seq` delivered; 0 for none. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** A new connection begins, on which the session will be resumed. */
  hold(): void {
    this.#held = [];
    this.#replayLeft = Infinity;
  }

  /** The session was resumed, or was not: then numbering may have started anew. */
  settle({ resumed, replayed }: ResumeResult): void {
    if (!resumed) this.#lastSeq = 0;
    this.#replayLeft = resumed ? replayed : 0;
    if (this.#replayLeft === 0) this.#release();
  }

  /** Another user, or a fresh start: nothing is known and nothing is awaited. */
  reset(): void {
    this.#lastSeq = 0;
    this.#held = null;
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
    const held = this.#held ?? [];
    this.#held = null;
    for (const message of held) this.#pass(message);
  }

  /** Drops what was delivered before; a message without a number passes. */
  #pass(message: StreamMessage): void {
    const { seq } = message.params;
    if (seq <= this.#lastSeq) return;
    if (seq > this.#lastSeq) this.#lastSeq = seq;
    this.#deliver(message);
  }
}
