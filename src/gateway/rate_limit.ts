/** Refusals within {@linkcode FLOOD_WINDOW_MS} after which a connection is closed. */
const FLOOD_REFUSALS = 500;
const FLOOD_WINDOW_MS = 10_000;

/** What the limit says of one message. */
export type RateVerdict = "pass" | "refuse" | "flood";

/** A token bucket and a count of recent refusals, for one connection. */
export class RateLimit {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt: number;
  #refusals = 0;
  #refusalsSince = 0;

  /**
   * @param perSecond messages that flow in steadily
   * @param burst messages that may come at once
   */
  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#filledAt = nowMs;
  }

  /** Judges one message that arrived at `nowMs`. */
  take(nowMs: number): RateVerdict {
    const elapsed = Math.max(0, nowMs - this.#filledAt);
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsed * this.#perMs);
    this.#filledAt = nowMs;
    if (this.#tokens >= 1) {
      this.#tokens--;
      return "pass";
    }
    return this.#refuse(nowMs);
  }

  /** How long until the next message passes, in whole ms. */
  get retryAfterMs(): number {
    return Math.max(1, Math.ceil((1 - this.#tokens) / this.#perMs));
  }

  #refuse(nowMs: number): RateVerdict {
    if (nowMs - this.#refusalsSince > FLOOD_WINDOW_MS) {
      this.#refusalsSince = nowMs;
      this.#refusals = 0;
    }
    return ++this.#refusals > FLOOD_REFUSALS ? "flood" : "refuse";
  }
}
