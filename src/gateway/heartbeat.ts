import type { Connection } from "./connection.ts";

interface Stall {
  takenLength: number;
  sinceMs: number;
}

/**
 * Notices peers that died while something was on its way to them: the runtime's own pings, which
 * find all others, stop as long as there is a backlog. One sweep serves all connections.
 */
export class Heartbeat {
  readonly #connections: () => Iterable<Connection>;
  readonly #intervalMs: number;
  readonly #stalls = new WeakMap<Connection, Stall>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * @param intervalMs a peer that is silent and takes nothing for two of them is dropped
   */
  constructor(connections: () => Iterable<Connection>, intervalMs: number) {
    this.#connections = connections;
    this.#intervalMs = intervalMs;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.sweep(performance.now()), this.#intervalMs / 4);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Looks at every connection as of `nowMs`. */
  sweep(nowMs: number): void {
    for (const connection of this.#connections()) {
      if (!this.#isAlive(connection, nowMs)) connection.onSilence();
    }
  }

  #isAlive(connection: Connection, nowMs: number): boolean {
    const { outbox } = connection;
    const hasSpoken = connection.hasSpoken;
    connection.hasSpoken = false;
    if (hasSpoken || outbox.unreadBytes === 0) {
      this.#stalls.delete(connection);
      return true;
    }
    const stall = this.#stalls.get(connection);
    // It counts units as sent and bytes as unread: sending alone can only make it smaller.
    if (stall === undefined || outbox.takenLength > stall.takenLength) {
      this.#stalls.set(connection, { takenLength: outbox.takenLength, sinceMs: nowMs });
      return true;
    }
    // Up to a sweep passed before the stall was seen, and another may pass before the next one.
    return nowMs - stall.sinceMs < this.#intervalMs * 1.5;
  }
}
