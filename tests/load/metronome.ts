import type { Beats } from "./metronome_thread.ts";

/**
 * Beats in time. The event loop's own timers come about 2 ms apart when 1 ms was asked for: a loader
 * that waits on them is as late itself as what it measures. A thread that sleeps on its own is not.
 */
export class Metronome {
  readonly #worker: Worker;
  /** Not 0 once it is over: a thread that sleeps hears nothing else. */
  readonly #over = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

  /**
   * @param startMs the first beat, on the clock of {@linkcode nowMs}
   * @param beat called at each beat; late, and then several times in a row, when this thread was busy
   */
  constructor(startMs: number, intervalMs: number, beat: () => void) {
    this.#worker = new Worker(new URL("metronome_thread.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = beat;
    this.#worker.postMessage({ startMs, intervalMs, over: this.#over } satisfies Beats);
  }

  stop(): void {
    Atomics.store(this.#over, 0, 1);
    Atomics.notify(this.#over, 0);
    this.#worker.terminate();
  }
}
