import type { Welcome } from "../protocol/notifications.ts";

interface Waiter {
  resolve(welcome: Welcome): void;
  reject(error: unknown): void;
}

/** Those who called `connect()` and wait for the outcome. */
export class ConnectWaiters {
  readonly #waiters = new Set<Waiter>();

  /**
   * Waits for what the next {@linkcode take} brings.
   *
   * @param signal stops waiting
   * @param onAbort called when it has
   */
  wait(signal: AbortSignal | undefined, onAbort: () => void): Promise<Welcome> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#waiters.delete(waiter);
        signal?.removeEventListener("abort", abort);
      };
      const waiter: Waiter = {
        resolve: (welcome) => (settle(), resolve(welcome)),
        reject: (error) => (settle(), reject(error)),
      };
      const abort = (): void => {
        waiter.reject(signal?.reason);
        onAbort();
      };
      this.#waiters.add(waiter);
      signal?.addEventListener("abort", abort);
    });
  }

  /** All who wait now; others may come while listeners run, who end or begin connections. */
  take(): Waiter[] {
    return [...this.#waiters];
  }
}
