/**
 * Calls that wait for the other side, and what ends them early.
 *
 * @module
 */

/** What may end a wait besides its own result. */
export interface WaitLimits {
  /** Rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Rejects with `error()` after `ms` milliseconds. */
  readonly timeout?: { readonly ms: number; readonly error: () => Error };
}

/** The calls that are waiting on one bus. */
export class PendingCalls {
  readonly #waits = new Set<(error: unknown) => void>();

  /** Settles as `work` does, unless something ends the wait before; leaves no timer behind. */
  wait<T>(work: Promise<T>, { signal, timeout }: WaitLimits = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const timer = timeout && setTimeout(() => fail(timeout.error()), timeout.ms);
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        this.#waits.delete(fail);
      };
      const fail = (error: unknown) => {
        end();
        reject(error);
      };
      const abort = () => fail(signal?.reason);
      this.#waits.add(fail);
      signal?.addEventListener("abort", abort);
      work.then((value) => {
        end();
        resolve(value);
      }, fail);
    });
  }

  /** Ends every wait. */
  failAll(error: Error): void {
    for (const fail of [...this.#waits]) fail(error);
  }
}
