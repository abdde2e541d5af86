import { setImmediate } from "node:timers";

/** So long may work for many hold the event loop at a time, in ms: others want their turn, too. */
const SLICE_MS = 5;

/** Who waits for a turn of the event loop, which is the process's: all of its nodes share it. */
const waiting: (() => void)[] = [];

/** Keeps a long piece of work from starving everything else: it goes on a slice at a time. */
export class Pace {
  #sinceMs = performance.now();
  #pastMs = 0;

  /** How long the work took so far, its pauses not counted, in ms. */
  get workedMs(): number {
    return this.#pastMs + performance.now() - this.#sinceMs;
  }

  /** Undefined to go on, or what to wait for before; ask often. */
  pause(): Promise<void> | undefined {
    const sliceMs = performance.now() - this.#sinceMs;
    if (sliceMs < SLICE_MS) return undefined;
    this.#pastMs += sliceMs;
    return nextTurn().then(() => {
      this.#sinceMs = performance.now();
    });
  }
}

/**
 * Resolves in a later turn of the event loop, after what has come in meanwhile. Each turn is given to
 * one who waits, in order: several long pieces of work together hold it no longer than one.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(giveTurn);
  });
}

function giveTurn(): void {
  const next = waiting.shift();
  if (waiting.length > 0) setImmediate(giveTurn);
  next?.();
}
