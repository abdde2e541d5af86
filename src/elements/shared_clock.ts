interface Entry {
  readonly intervalMs: number;
  dueAt: number;
}

/**
 * Listeners of different rhythms on one timer; no listener, no timer. By the monotonic clock: one that
 * is set back must not stop them.
 */
export class SharedClock {
  readonly #entries = new Map<() => void, Entry>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Calls `listener` about every `intervalMs`, the first time after one interval.
   *
   * @returns stops it
   */
  every(intervalMs: number, listener: () => void): () => void {
    this.#entries.set(listener, { intervalMs, dueAt: performance.now() + intervalMs });
    this.#schedule();
    return () => {
      this.#entries.delete(listener);
      this.#schedule();
    };
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#entries.size === 0) return;
    const dueAt = Math.min(...[...this.#entries.values()].map((entry) => entry.dueAt));
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, dueAt - performance.now()));
  }

  #tick(): void {
    const now = performance.now();
    for (const [listener, entry] of [...this.#entries]) {
      if (entry.dueAt > now || !this.#entries.has(listener)) continue;
      entry.dueAt = now + entry.intervalMs;
      listener();
    }
    this.#schedule();
  }
}

/** The clock of every element on the page. */
export const sharedClock: SharedClock = new SharedClock();
