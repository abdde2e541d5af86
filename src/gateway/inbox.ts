/**
 * What was said of a message when it arrived: handle it; refuse it, and how long to wait, in ms; or
 * it is too large to be looked at.
 */
export type Admission = "handle" | number | "too_large";

/** A message that waits for its turn. */
export interface Waiting {
  /** Empty when it was too large. */
  readonly text: string;
  readonly admission: Admission;
}

const MAX_MESSAGES = 4096;
const MAX_LENGTH = 8_388_608;

/** Messages that wait for their turn, bounded in number and size. */
export class Inbox {
  #waiting: Waiting[] = [];
  #taken = 0;
  #length = 0;

  get size(): number {
    return this.#waiting.length - this.#taken;
  }

  /** Adds a message; false when there is no room for it. One alone always has room, however large. */
  add(message: Waiting): boolean {
    const isFull = this.size >= MAX_MESSAGES || this.#length + message.text.length > MAX_LENGTH;
    if (isFull && this.size > 0) return false;
    this.#waiting.push(message);
    this.#length += message.text.length;
    return true;
  }

  /** The oldest message, or undefined. */
  take(): Waiting | undefined {
    const message = this.#waiting[this.#taken];
    if (message === undefined) {
      this.clear();
      return undefined;
    }
    this.#taken++;
    this.#length -= message.text.length;
    return message;
  }

  clear(): void {
    if (this.#waiting.length > 0) this.#waiting = [];
    this.#taken = 0;
    this.#length = 0;
  }
}
