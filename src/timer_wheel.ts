/** A call that will happen once, unless cancelled. */
export interface WheelTimer {
  /** Cancelling twice, or after the call, is harmless. */
  cancel(): void;
}

/** A call that is due, in the slot of its tick. */
class Entry implements WheelTimer {
  readonly callback: () => void;
  /** Turns of the wheel to let pass. */
  rounds: number;
  readonly #slot: Set<Entry>;
  readonly #onCancelled: () => void;

  constructor(slot: Set<Entry>, rounds: number, callback: () => void, onCancelled: () => void) {
    this.#slot = slot;
    this.rounds = rounds;
    this.callback = callback;
    this.#onCancelled = onCancelled;
    slot.add(this);
  }

  cancel(): void {
    if (this.#slot.delete(this)) this.#onCancelled();
  }
}

/**
 * One interval that serves every delayed call of a node: tens of thousands of them cost one wake-up
 * a tick, and none while there is nothing to wait for. Calls come up to one tick late.
 */
export class TimerWheel {
  readonly #tickMs: number;
  readonly #slots: readonly Set<Entry>[];
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
    this.#slots = Array.from({ length: slots }, () => new Set<Entry>());
  }

  /** Calls `callback` after `delayMs` or up to one tick later, never earlier. */
  schedule(delayMs: number, callback: () => void): WheelTimer {
    if (this.#interval === undefined) this.#start();
    const elapsed = (performance.now() - this.#startedAt) / this.#tickMs;
    const due = Math.max(Math.ceil(elapsed + Math.max(delayMs, 0) / this.#tickMs), this.#tick + 1);
    const ahead = due - this.#tick - 1;
    const slot = this.#slots[due % this.#slots.length] as Set<Entry>;
    this.#size++;
    return new Entry(slot, Math.floor(ahead / this.#slots.length), callback, this.#onCancelled);
  }

  /** Forgets every call. */
  stop(): void {
    for (const slot of this.#slots) slot.clear();
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
      this.#turn(this.#slots[this.#tick % this.#slots.length] as Set<Entry>);
    }
  }

  #turn(slot: Set<Entry>): void {
    // A snapshot: callbacks may schedule into this very slot.
    for (const entry of [...slot]) {
      if (entry.rounds > 0) {
        entry.rounds--;
        continue;
      }
      if (!slot.delete(entry)) continue;
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
