/** Reports something that may happen all the time at most once per interval. */
export class Repeated {
  readonly #intervalMs: number;
  #reportedAtMs = -Infinity;
  #count = 0;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Counts one; calls `report` with how many there were since the last report, when one is due. */
  report(report: (count: number) => void): void {
    this.#count++;
    const nowMs = performance.now();
    if (nowMs - this.#reportedAtMs < this.#intervalMs) return;
    this.#reportedAtMs = nowMs;
    report(this.#count);
    this.#count = 0;
  }
}
