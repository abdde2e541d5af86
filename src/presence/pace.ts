import { setImmediate } from "node:timers";

/** So long may work for many hold the event loop at a time, in ms: others want their turn, too. */
const SLICE_MS = 8;

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

/** Resolves in the event loop's next turn, after what has come in meanwhile. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
