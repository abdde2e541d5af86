/**
 * How `seq` follows from a storage's own count, so that it grows even when the storage is lost and
 * counts from one again: a restarted process, a JetStream stream in memory, a deleted one.
 *
 * @module
 */

const EPOCH_MS = Date.UTC(2025, 0, 1);

/** Room for as many entries a millisecond, on average over a storage's life, before `seq` repeats. */
const ENTRIES_PER_MS = 100;

/** Turns one storage's count (1 for its first entry) into `seq` and back. */
export class Sequence {
  /** The `seq` of a storage made at this moment that has no entry yet. */
  readonly base: number;

  /** @param createdAtMs when the storage was made, in milliseconds since 1970 */
  constructor(createdAtMs: number) {
    this.base = Math.max(0, Math.floor(createdAtMs) - EPOCH_MS) * ENTRIES_PER_MS;
  }

  /** The `seq` of the entry with this count. */
  seqOf(count: number): number {
    return this.base + count;
  }

  /**
   * The count of the last entry up to `seq`: 0 for 0, which stands for "nothing seen yet", and
   * undefined for a `seq` from before this storage was made.
   */
  countOf(seq: number): number | undefined {
    if (seq === 0) return 0;
    return seq < this.base ? undefined : seq - this.base;
  }
}
