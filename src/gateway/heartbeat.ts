import type { Connection } from "./connection.ts";

interface Stall {
  takenLength: number;
  sinceMs: number;
}

/**
 * Notices peers that died while something was on its way to them. The runtime's own pings, which find
 * all others, stop as long as there is a backlog; when one builds up behind a ping that stays without
 * an answer, its close frame waits in the backlog, and it never says that the socket is closed. One
 * sweep serves all connections.
 */
export class Heartbeat {
  readonly #connections: () => Iterable<Connection>;
  readonly #intervalMs: number;
  readonly #stalls = new WeakMap<Connection, Stall>();
  /** Found closing by the last sweep; that takes no time unless nobody reads. */
  readonly #closing = new WeakSet<Connection>();
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
    if (!connection.isSocketOpen) {
      const isStuck = this.#closing.has(connection);
      this.#closing.add(connection);
      return !isStuck;
    }
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
