import { Durations } from "./counters.ts";

/** How often the event loop is looked at, in ms. */
const LOOK_MS = 250;

/** Upper bounds of the lag's histogram, in seconds. */
const LAG_BUCKETS_S = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** How late timers are: everything that this process does waits for so long. */
export class EventLoop {
  readonly lag: Durations = new Durations(LAG_BUCKETS_S);
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Begins to look, four times a second. */
  start(): void {
    let dueAtMs = performance.now() + LOOK_MS;
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      this.lag.observe(Math.max(0, nowMs - dueAtMs));
      dueAtMs = nowMs + LOOK_MS;
    }, LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
