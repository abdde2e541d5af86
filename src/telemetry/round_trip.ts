/** How long a question takes to be answered; asked anew whenever somebody wants to know. */
export class RoundTrip {
  readonly #ask: () => Promise<void>;
  #askedAtMs: number | undefined;
  #lastMs: number | undefined;

  /** @param ask resolves with the answer, and rejects when there can be none now */
  constructor(ask: () => Promise<void>) {
    this.#ask = ask;
  }

  /**
   * The last answer's time, or how long the one under way takes already when that is longer, in ms;
   * undefined while nothing is known. Asks again, without waiting for it.
   */
  read(): number | undefined {
    const askedAtMs = this.#askedAtMs;
    if (askedAtMs === undefined) {
      void this.#measure();
      return this.#lastMs;
    }
    return Math.max(performance.now() - askedAtMs, this.#lastMs ?? 0);
  }

  async #measure(): Promise<void> {
    const askedAtMs = performance.now();
    this.#askedAtMs = askedAtMs;
    try {
      await this.#ask();
      this.#lastMs = performance.now() - askedAtMs;
    } catch {
      this.#lastMs = undefined;
    } finally {
      this.#askedAtMs = undefined;
    }
  }
}
