/**
 * A bound on what waits for a link that has stalled before anybody noticed.
 *
 * @module
 */

/** How much may be on its way without a sign from the server, in bytes. */
const WINDOW_BYTES = 32 * 1_048_576;
/** After how much the server is asked for such a sign, in bytes. */
const STEP_BYTES = 1_048_576;

/**
 * Admits messages as long as the server keeps up. A socket would take any amount, and hold in memory
 * what the other side does not read.
 */
export class SendWindow {
  readonly #roundTrip: () => Promise<void>;
  #sent = 0;
  #confirmed = 0;
  #asked = 0;

  /** @param roundTrip resolves once the server has read everything sent before the call */
  constructor(roundTrip: () => Promise<void>) {
    this.#roundTrip = roundTrip;
  }

  /** Whether a message of `bytes` may be sent; it counts as sent then. */
  admit(bytes: number): boolean {
    if (this.#sent + bytes - this.#confirmed > WINDOW_BYTES) return false;
    if (this.#sent - this.#asked >= STEP_BYTES) this.#ask();
    this.#sent += bytes;
    return true;
  }

  /** Forgets what was on its way: the link is a new one. */
  reset(): void {
    this.#confirmed = this.#sent;
  }

  #ask(): void {
    const sent = this.#sent;
    this.#asked = sent;
    const confirm = () => {
      this.#confirmed = Math.max(this.#confirmed, sent);
    };
    // A link that breaks gives no answer: reset() follows.
    this.#roundTrip().then(confirm, () => {});
  }
}
