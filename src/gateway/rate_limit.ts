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
  /** When the last refusals were, as a ring; made at the first. */
  #refusedAt: Float64Array | undefined;
  #refusals = 0;

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
    // A clock that was set back says nothing about how long ago anything was.
    if (nowMs < this.#filledAt) this.#refusedAt = undefined;
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
    const ring = this.#refusedAt ??= new Float64Array(FLOOD_REFUSALS).fill(-Infinity);
    ring[this.#refusals++ % FLOOD_REFUSALS] = nowMs;
    const oldest = ring[this.#refusals % FLOOD_REFUSALS] ?? -Infinity;
    return nowMs - oldest <= FLOOD_WINDOW_MS ? "flood" : "refuse";
  }
}
