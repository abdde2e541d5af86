/** A call that will happen once, unless cancelled. */
export interface WheelTimer {
  /** Cancelling twice, or after the call, is harmless. */
  cancel(): void;
}

/** A link of a ring: a call that is to come, or the end of the ring, which is its beginning, too. */
class Link {
  next: Link = this;
  previous: Link = this;

  /** Puts a link last in the ring that this one is the end of. */
  append(link: Link): void {
    link.previous = this.previous;
    link.next = this;
    this.previous.next = link;
    this.previous = link;
  }

  /** Takes it out of its ring; false when it was in none. */
  remove(): boolean {
    if (this.next === this) return false;
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.next = this.previous = this;
    return true;
  }
}

/** A call that is due, in the slot of its tick. */
class Entry extends Link implements WheelTimer {
  readonly callback: () => void;
  /** Turns of the wheel to let pass. */
  rounds: number;
  readonly #onCancelled: () => void;

  constructor(rounds: number, callback: () => void, onCancelled: () => void) {
    super();
    this.rounds = rounds;
    this.callback = callback;
    this.#onCancelled = onCancelled;
  }

  cancel(): void {
    if (this.remove()) this.#onCancelled();
  }
}

/**
 * One interval that serves every delayed call of a node: tens of thousands of them cost one wake-up
 * a tick, and none while there is nothing to wait for. Calls come up to one tick late.
 */
export class TimerWheel {
  readonly #tickMs: number;
  readonly #slots: readonly Link[];
  /** What this tick calls. */
  readonly #due = new Link();
  readonly #onError: (error: unknown) => void;
  #interval: ReturnType<typeof setInterval> | undefined;
  #startedAt = 0;
  #tick = 0;
  #size = 0;

  /**
   * @param onError told what a callback threw; the wheel goes on
   * @param tickMs precision of the calls, in ms
   * @param slots ticks in one turn of the wheel
   */
  constructor(onError: (error: unknown) => void, tickMs = 20, slots = 512) {
    this.#onError = onError;
    this.#tickMs = tickMs;
    this.#slots = Array.from({ length: slots }, () => new Link());
  }

  /** Calls `callback` after `delayMs` or up to one tick later, never earlier. */
  schedule(delayMs: number, callback: () => void): WheelTimer {
    if (this.#interval === undefined) this.#start();
    const elapsed = (performance.now() - this.#startedAt) / this.#tickMs;
    const due = Math.max(Math.ceil(elapsed + Math.max(delayMs, 0) / this.#tickMs), this.#tick + 1);
    const ahead = due - this.#tick - 1;
    const rounds = Math.floor(ahead / this.#slots.length);
    const entry = new Entry(rounds, callback, this.#onCancelled);
    (this.#slots[due % this.#slots.length] as Link).append(entry);
    this.#size++;
    return entry;
  }

  /** Forgets every call. */
  stop(): void {
    for (const ring of [this.#due, ...this.#slots]) while (ring.next.remove());
    this.#size = 0;
    this.#pause();
  }

  #start(): void {
    this.#startedAt = performance.now();
    this.#tick = 0;
    this.#interval = setInterval(() => this.#advance(), this.#tickMs);
  }

  #pause(): void {
    clearInterval(this.#interval);
    this.#interval = undefined;
  }

  readonly #onCancelled = (): void => {
    this.#size--;
    if (this.#size === 0) this.#pause();
  };

  #advance(): void {
    const reached = Math.floor((performance.now() - this.#startedAt) / this.#tickMs);
    // Callbacks may empty the wheel and start it anew, at tick 0: `reached` is not meant for that.
    const interval = this.#interval;
    while (this.#tick < reached && this.#interval === interval) {
      this.#tick++;
      this.#turn(this.#slots[this.#tick % this.#slots.length] as Link);
    }
  }

  /** Callbacks may schedule into this very slot, and cancel each other: the due ones are set apart. */
  #turn(slot: Link): void {
    for (let link = slot.next; link instanceof Entry;) {
      const entry = link;
      link = entry.next;
      if (entry.rounds-- > 0) continue;
      entry.remove();
      this.#due.append(entry);
    }
    while (this.#due.next instanceof Entry) {
      const entry = this.#due.next;
      entry.remove();
      this.#size--;
      try {
        entry.callback();
      } catch (error) {
        this.#onError(error);
      }
    }
    if (this.#size === 0) this.#pause();
  }
}
