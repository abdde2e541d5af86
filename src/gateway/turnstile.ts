import { setImmediate } from "node:timers";

/** So many requests begin in one turn of the event loop; each takes well under a millisecond. */
const PER_TURN = 8;

/**
 * Lets requests in a few at a time. The runtime hands over all that have come in at once: a thousand
 * players who connect in the same moment would hold up everyone who is connected already.
 */
export class Turnstile {
  #passed = 0;
  #isCounting = false;
  #waiting: (() => void)[] = [];

  /** Undefined to go on at once, or what to wait for; those who wait go in order. */
  enter(): Promise<void> | undefined {
    if (!this.#isCounting) {
      this.#isCounting = true;
      setImmediate(() => this.#turn());
    }
    if (this.#waiting.length === 0 && this.#passed < PER_TURN) {
      this.#passed++;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #turn(): void {
    const next = this.#waiting.splice(0, PER_TURN);
    this.#passed = next.length;
    for (const pass of next) pass();
    this.#isCounting = next.length > 0;
    if (this.#isCounting) setImmediate(() => this.#turn());
  }
}
