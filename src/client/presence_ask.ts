import type { PresenceInterestParams } from "../protocol/methods.ts";
import type { Presence } from "../protocol/presence.ts";
import { ClientError } from "./client_error.ts";
import type { ClientEnvironment } from "./environment.ts";

interface Waiter {
  resolve(presences: readonly Presence[]): void;
  reject(error: unknown): void;
}

/** A `subscribe()` that has no answer yet. */
export class PresenceAsk {
  readonly interest: PresenceInterestParams;
  #waiter: Waiter | null = null;

  constructor(interest: PresenceInterestParams) {
    this.interest = interest;
  }

  /** Whether it waits for a connection, and is not asked for on one itself. */
  get waits(): boolean {
    return this.#waiter !== null;
  }

  /** A connection has brought what it waits for. */
  resolve(presences: readonly Presence[]): void {
    this.#waiter?.resolve(presences);
  }

  /** The server refused what it waits for. */
  reject(error: unknown): void {
    this.#waiter?.reject(error);
  }

  /**
   * Waits for a connection that brings what is asked for.
   *
   * @throws {ClientError} `timeout`
   */
  wait(
    environment: ClientEnvironment,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly Presence[]> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const settle = (): void => {
        this.#waiter = null;
        cancel();
        signal?.removeEventListener("abort", abort);
      };
      const waiter: Waiter = {
        resolve: (presences) => (settle(), resolve(presences)),
        reject: (error) => (settle(), reject(error)),
      };
      const abort = (): void => waiter.reject(signal?.reason);
      const cancel = environment.setTimer(() => {
        const words = "No connection for presence.subscribe in time";
        waiter.reject(new ClientError("timeout", words, { retryable: true }));
      }, timeoutMs);
      this.#waiter = waiter;
      signal?.addEventListener("abort", abort);
    });
  }
}
