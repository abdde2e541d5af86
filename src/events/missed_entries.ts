import { MalformedEntryError } from "./entry_codec.ts";
import { decodeMessage, type FeedMessage } from "./feed_message.ts";
import { REPLAY_MAX_BYTES, retentionMs, type StreamLimits } from "./limits.ts";
import type { Replay, StreamEntry } from "./stream.ts";
import type { StreamPosition } from "./stream_position.ts";

/** Nothing can be made up for. */
export const INCOMPLETE: Replay = { complete: false, entries: [] };

/**
 * Whether something that was younger than the window is gone from the stream: for want of room, or
 * because somebody has emptied it.
 *
 * What a stream drops by age does not matter. A stream that had to drop something younger was full at
 * that moment, of messages that are younger still: it is full until that one would have aged as well.
 */
export function droppedEarly(
  position: StreamPosition,
  after: number,
  limits: StreamLimits,
  nowMs: number,
): boolean {
  const { first, firstAtMs, last, lastAtMs, bytes, maxBytes } = position;
  if (first <= after + 1) return false;
  const sinceMs = nowMs - (limits.windowMs + retentionMs(limits)) / 2;
  if (first > last) return lastAtMs > sinceMs;
  const largest = Math.min(LARGEST_BYTES, maxBytes / 8);
  return bytes >= maxBytes - largest && firstAtMs > sinceMs;
}

/** What NATS carries in one message unless told otherwise; a full stream has less room left than that. */
const LARGEST_BYTES = 1_048_576;

/** Gathers what a user has missed, within bounds. */
export class MissedEntries {
  readonly #maxPerSubject: number;
  readonly #seqOf: (count: number) => number;
  readonly #onMalformed: (subject: string, reason: string) => void;
  readonly #entries: StreamEntry[] = [];
  #bytes = 0;
  #overflowed = false;

  constructor(
    maxPerSubject: number,
    seqOf: (count: number) => number,
    onMalformed: (subject: string, reason: string) => void,
  ) {
    this.#maxPerSubject = maxPerSubject;
    this.#seqOf = seqOf;
    this.#onMalformed = onMalformed;
  }

  /** Whether there is more than can be replayed, so that reading on is idle. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** Takes the messages of one subject, up to a number. */
  lane(until: number): (message: FeedMessage) => void {
    let kept = 0;
    return (message) => {
      if (message.count > until) return;
      this.#bytes += message.text.length;
      kept++;
      // A subject that is full may have dropped older ones.
      if (this.#bytes > REPLAY_MAX_BYTES || kept >= this.#maxPerSubject) {
        this.#overflowed = true;
      }
      if (!this.#overflowed) this.#take(message);
    };
  }

  /** All that was taken, in the order of `seq`. */
  result(): Replay {
    if (this.#overflowed) return INCOMPLETE;
    return { complete: true, entries: this.#entries.sort((a, b) => a.seq - b.seq) };
  }

  #take(message: FeedMessage): void {
    try {
      this.#entries.push(decodeMessage(message, this.#seqOf(message.count)));
    } catch (error) {
      if (!(error instanceof MalformedEntryError)) throw error;
      this.#onMalformed(message.subject, error.message);
    }
  }
}
