import type { Connection } from "./connection.ts";

/** Connections under one key, as long as there are any. Most users have one: a set is made for more. */
class Index {
  readonly #entries = new Map<string, Connection | Set<Connection>>();

  /** True when it is the first under its key. */
  add(key: string, connection: Connection): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#entries.set(key, connection);
    else if (entry instanceof Set) entry.add(connection);
    else this.#entries.set(key, new Set([entry, connection]));
    return entry === undefined;
  }

  /** True when it was the last under its key. */
  remove(key: string, connection: Connection): boolean {
    const entry = this.#entries.get(key);
    if (entry instanceof Set) {
      entry.delete(connection);
      if (entry.size > 0) return false;
    } else if (entry !== connection) return false;
    return this.#entries.delete(key);
  }

  get(key: string): ReadonlySet<Connection> {
    const entry = this.#entries.get(key);
    if (entry === undefined) return NOBODY;
    return entry instanceof Set ? entry : new Set([entry]);
  }
}

const NOBODY: ReadonlySet<Connection> = new Set();

/** Who is connected to this node, by session and by user. */
export class Hub {
  readonly #sessions = new Map<string, Connection>();
  readonly #users = new Index();

  get size(): number {
    return this.#sessions.size;
  }

  add(connection: Connection): void {
    this.#sessions.set(connection.sessionId, connection);
    this.#users.add(connection.userId, connection);
  }

  remove(connection: Connection): void {
    if (!this.#sessions.delete(connection.sessionId)) return;
    this.#users.remove(connection.userId, connection);
  }

  session(sessionId: string): Connection | undefined {
    return this.#sessions.get(sessionId);
  }

  ofUser(userId: string): ReadonlySet<Connection> {
    return this.#users.get(userId);
  }

  all(): IterableIterator<Connection> {
    return this.#sessions.values();
  }
}
