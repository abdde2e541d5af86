import type { ClientEnvironment } from "./environment.ts";

/** How long a ping may stay unanswered, in intervals: with one of silence before, below two. */
const PONG_WAIT_INTERVALS = 0.75;

/** The same after the tab or the network woke, at most, in ms: a player is looking. */
const WAKE_PONG_WAIT_MS = 5_000;

/** A timer so much later than asked, in intervals, was held up by the runtime. */
const LATE_INTERVALS = 0.25;

/** How often a held-up timer puts off the verdict. */
const LATE_LIMIT = 3;

/** How long it puts it off each time, in ms. */
const LATE_WAIT_MS = 1_000;

/** What a heartbeat does. */
export interface HeartbeatActions {
  /** Asks the server for a sign of life. */
  ping(): void;
  /** There was none; called at most once. */
  lost(): void;
}

/**
 * Notices a dead network within two intervals: after one of silence it pings, and gives up when
 * nothing at all is heard. Where traffic flows it sends nothing.
 *
 * A hidden tab's or a sleeping laptop's timers come late, with answers perhaps waiting unread: a
 * late timer is no proof of silence, so it only starts another, short wait.
 */
export class Heartbeat {
  readonly #environment: ClientEnvironment;
  readonly #intervalMs: number;
  readonly #actions: HeartbeatActions;
  #heardAt: number;
  #pinged = false;
  #dueAt = 0;
  #lateTimers = 0;
  #cancel: () => void = () => {};

  constructor(environment: ClientEnvironment, intervalMs: number, actions: HeartbeatActions) {
    this.#environment = environment;
    this.#intervalMs = intervalMs;
    this.#actions = actions;
    this.#heardAt = environment.now();
    this.#schedule(intervalMs);
  }

  /** Something came from the server. */
  heard(): void {
    this.#heardAt = this.#environment.now();
    this.#pinged = false;
  }

  /** The tab or the network woke: asks at once whether the connection is still there. */
  check(): void {
    const waitMs = Math.min(WAKE_PONG_WAIT_MS, this.#pongWaitMs);
    const restMs = this.#dueAt - this.#environment.now();
    // Waking again and again must not put off a verdict that is near; one that is overdue may wait.
    this.#ping(this.#pinged && restMs > 0 ? Math.min(restMs, waitMs) : waitMs);
  }

  /** Ends it. */
  stop(): void {
    this.#cancel();
  }

  get #pongWaitMs(): number {
    return PONG_WAIT_INTERVALS * this.#intervalMs;
  }

  #schedule(delayMs: number): void {
    this.#dueAt = this.#environment.now() + delayMs;
    this.#cancel();
    this.#cancel = this.#environment.setTimer(() => {
      this.#tick(this.#environment.now() - this.#dueAt > LATE_INTERVALS * this.#intervalMs);
    }, delayMs);
  }

  #tick(late: boolean): void {
    if (!this.#pinged) {
      const now = this.#environment.now();
      // A clock that was set back must not put the next ping off.
      this.#heardAt = Math.min(this.#heardAt, now);
      const restMs = this.#heardAt + this.#intervalMs - now;
      if (restMs > 0) this.#schedule(restMs);
      else this.#ping(this.#pongWaitMs);
    } else if (late && this.#lateTimers < LATE_LIMIT) {
      this.#lateTimers++;
      this.#schedule(Math.min(LATE_WAIT_MS, this.#pongWaitMs));
    } else {
      this.#actions.lost();
    }
  }

  #ping(waitMs: number): void {
    this.#pinged = true;
    this.#lateTimers = 0;
    this.#schedule(waitMs);
    this.#actions.ping();
  }
}
