/**
 * The thread of a {@link ./metronome.ts Metronome}: sleeps from beat to beat until it is ended.
 *
 * @module
 */
import { nowMs } from "./recorder.ts";

/** When to beat. */
export interface Beats {
  /** On the clock of {@linkcode nowMs}. */
  readonly startMs: number;
  readonly intervalMs: number;
  /** Not 0, and notified, when it is over. */
  readonly over: Int32Array<SharedArrayBuffer>;
}

/** The part of the worker's global scope that is used. */
interface ThreadScope {
  onmessage: ((event: MessageEvent<Beats>) => void) | null;
  postMessage(message: null): void;
}

const scope = globalThis as unknown as ThreadScope;

scope.onmessage = ({ data: { startMs, intervalMs, over } }) => {
  for (let nextMs = startMs;; nextMs += intervalMs) {
    const restMs = nextMs - nowMs();
    if (restMs > 0) Atomics.wait(over, 0, 0, restMs);
    if (Atomics.load(over, 0) !== 0) return;
    scope.postMessage(null);
    // Beats that were missed are not made up for: one tells of all that is due.
    nextMs += Math.floor(Math.max(0, nowMs() - nextMs) / intervalMs) * intervalMs;
  }
};
