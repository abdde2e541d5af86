/**
 * A client that watches presence and keeps, of each user, the newest.
 *
 * @module
 */
import type { Presence } from "../../src/protocol/presence.ts";
import { connect, type GameClient } from "../support/game_client.ts";
import type { GatewayProcess } from "../support/gateway.ts";
import { until } from "../support/wait.ts";

/** What to watch, as `presence.subscribe` has it. */
export interface WatchedInterest {
  readonly all?: boolean;
  readonly users?: readonly string[];
  readonly locations?: readonly string[];
}

/** Somebody who watches. Dispose of it (`await using`). */
export class PresenceWatcher implements AsyncDisposable {
  readonly client: GameClient;
  readonly #presences = new Map<string, Presence>();
  #read = 0;
  /** Each status that was pushed, by user, in order. */
  readonly pushed = new Map<string, string[]>();

  private constructor(client: GameClient) {
    this.client = client;
  }

  /** Connects to a node, subscribes and takes the snapshot. */
  static async start(
    gateway: GatewayProcess,
    userId: string,
    interest: WatchedInterest = { all: true },
  ): Promise<PresenceWatcher> {
    const client = await connect(gateway.wsUrl, { token: await gateway.token(userId) });
    const watcher = new PresenceWatcher(client);
    await watcher.refresh(interest);
    return watcher;
  }

  /** Subscribes, or takes another snapshot. */
  async refresh(interest: WatchedInterest = { all: true }): Promise<void> {
    const { presences } = await this.client.call<{ presences: Presence[] }>(
      "presence.subscribe",
      interest,
      30_000,
    );
    for (const presence of presences) this.#apply(presence);
  }

  /** Everyone it sees online, itself left out. */
  get online(): Map<string, Presence> {
    this.#catchUp();
    const { user_id } = this.client.welcome;
    return new Map(
      [...this.#presences].filter(([id, { status }]) => status !== "offline" && id !== user_id),
    );
  }

  /** Who, but for these, was ever pushed as offline. */
  sawLeave(except: ReadonlySet<string> = new Set()): string[] {
    this.#catchUp();
    return [...this.pushed].flatMap(([id, statuses]) =>
      statuses.includes("offline") && !except.has(id) ? [id] : []
    );
  }

  /** What it sees of everyone else, in words, to be compared. */
  get view(): string[] {
    return [...this.online.values()]
      .map(({ user_id, status, location, version }) =>
        `${user_id} ${status} ${location} ${version}`
      )
      .toSorted();
  }

  /** Waits until it sees so many others online; gives how long that took, in ms. */
  async sees(count: number, timeoutMs = 20_000): Promise<number> {
    const startedAt = performance.now();
    await until(() => this.online.size === count, {
      what: `${count} users online, not ${this.online.size}`,
      timeoutMs,
      intervalMs: 4,
    });
    return performance.now() - startedAt;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
  }

  #catchUp(): void {
    const { received } = this.client;
    for (; this.#read < received.length; this.#read++) {
      const { method, params } = received[this.#read] ?? {};
      if (method !== "presence.updated") continue;
      for (const presence of (params as unknown as { presences: Presence[] }).presences) {
        const { user_id: id, status } = presence;
        this.pushed.set(id, [...this.pushed.get(id) ?? [], status]);
        this.#apply(presence);
      }
    }
  }

  #apply(presence: Presence): void {
    const known = this.#presences.get(presence.user_id);
    if (known === undefined || known.version < presence.version) {
      this.#presences.set(presence.user_id, presence);
    }
  }
}
