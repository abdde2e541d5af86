/** One message to send: when, and as which of all of this schedule. */
export interface Slot {
  readonly index: number;
  /** When it is to be sent, in ms on the clock of the schedule's start, however late that happens. */
  readonly atMs: number;
}

/**
 * When to send what, fixed in advance: a slow answer delays no other message (an open loop), and shows
 * in all that it held up.
 */
export class Schedule {
  readonly #startMs: number;
  readonly #intervalMs: number;
  readonly #count: number;
  #next = 0;

  /**
   * @param startMs when the first message is due
   * @param perSecond messages a second
   * @param durationMs how long messages are due
   */
  constructor(startMs: number, perSecond: number, durationMs: number) {
    this.#startMs = startMs;
    this.#intervalMs = 1000 / perSecond;
    this.#count = Math.round(durationMs * perSecond / 1000);
  }

  /** Messages of the whole schedule. */
  get count(): number {
    return this.#count;
  }

  /** Whether all of them were given out. */
  get isDone(): boolean {
    return this.#next >= this.#count;
  }

  /** The next message that is due by `nowMs`; undefined when none is. */
  take(nowMs: number): Slot | undefined {
    const atMs = this.#startMs + this.#next * this.#intervalMs;
    if (this.isDone || atMs > nowMs) return undefined;
    return { index: this.#next++, atMs };
  }
}
