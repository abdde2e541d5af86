/**
 * Each change in a batch keeps the next batch waiting for so long, in ms, up to a limit; a writer that
 * has rested may be so much early. A few changes go out at once; in a storm they gather.
 */
const GAP_PER_CHANGE_MS = 5;
const MAX_GAP_MS = 50;
const MAX_EARLY_MS = 20;

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2000;

/** When the next batch may go to the store: the more was sent the later, and later still when it is away. */
export class WritePace {
  #notBeforeMs = 0;
  #retryMs = 0;

  /** Whether the store answered when last asked. */
  get isHealthy(): boolean {
    return this.#retryMs === 0;
  }

  /** How long to wait from now, in ms; nothing at 0 and below. */
  get waitMs(): number {
    return this.#notBeforeMs - performance.now();
  }

  /** A batch of so many changes goes out. */
  send(changes: number): void {
    const gapMs = Math.min(changes * GAP_PER_CHANGE_MS, MAX_GAP_MS);
    this.#notBeforeMs = Math.max(this.#notBeforeMs, performance.now() - MAX_EARLY_MS) + gapMs;
  }

  /** The store answered. */
  succeed(): void {
    this.#retryMs = 0;
  }

  /** The store is known to be away, without having been asked. */
  suspend(): void {
    this.#retryMs = Math.max(this.#retryMs, FIRST_RETRY_MS);
  }

  /**
   * The store did not answer.
   *
   * @param isNews false when a batch fails together with one that has been told of: that is one failure
   */
  fail(isNews: boolean): void {
    if (isNews) {
      this.#retryMs = Math.min(Math.max(this.#retryMs * 2, FIRST_RETRY_MS), MAX_RETRY_MS);
    }
    this.#notBeforeMs = performance.now() + this.#retryMs;
  }

  /** The store is known to be back: nothing waits. */
  reset(): void {
    this.#retryMs = 0;
    this.#notBeforeMs = 0;
  }
}
