/** So many lines that say the same are written… */
const BURST = 20;
/** …in so long, in ms. */
const WINDOW_MS = 10_000;
/** So many different lines are told apart at a time. */
const MAX_KEYS = 500;

interface Window {
  readonly beganAtMs: number;
  lines: number;
}

/** Lets the first of many equal lines through, and counts the others. */
export class LogSampler {
  readonly #windows = new Map<string, Window>();

  /**
   * @param key what makes lines equal
   * @param nowMs time of a monotonic clock
   * @returns how many equal lines were left out before this one; undefined when it is left out itself
   */
  admit(key: string, nowMs: number): number | undefined {
    const window = this.#windows.get(key);
    if (window !== undefined && nowMs - window.beganAtMs < WINDOW_MS) {
      window.lines++;
      return window.lines <= BURST ? 0 : undefined;
    }
    // Deleted first, so that the keys stand in the order of their windows.
    this.#windows.delete(key);
    if (this.#windows.size >= MAX_KEYS) this.#forgetOldest();
    this.#windows.set(key, { beganAtMs: nowMs, lines: 1 });
    return Math.max(0, (window?.lines ?? 0) - BURST);
  }

  #forgetOldest(): void {
    const [oldest] = this.#windows.keys();
    if (oldest !== undefined) this.#windows.delete(oldest);
  }
}
