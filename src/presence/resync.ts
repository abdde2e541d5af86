import { BusError } from "../bus/bus.ts";
import type { Presence } from "../protocol/presence.ts";
import type { PresenceFeed } from "./feed.ts";
import type { Snapshots } from "./snapshots.ts";
import { type ListQuery, StoreUnavailableError } from "./store.ts";

const PAGE = 500;

/** How soon it is tried again when the bus or the store is away, in ms. */
const RETRY_MS = 1000;

/** What {@linkcode Resync} works with. */
export interface ResyncOptions {
  readonly feed: PresenceFeed;
  readonly snapshots: Snapshots;
  /** Resolves when the bus is there, and brings everything that is published from then on. */
  readonly ready: () => Promise<unknown>;
  /** How long the store may still show the living as gone, in ms. */
  readonly returningMs: () => number;
  /** Whether a session lives on this node, which knows that better than the store. */
  readonly holds: (sessionId: string) => boolean;
  /** The store has given up sessions of this node that live. */
  readonly onGivenUp: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Brings everything that is watched on this node up to date from the store, after changes may have
 * been missed. Versions settle what is news, so doing it once too often is harmless.
 */
export class Resync {
  readonly #options: ResyncOptions;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #running: Promise<void> | undefined;
  #isAskedAgain = false;
  #isStopped = false;

  constructor(options: ResyncOptions) {
    this.#options = options;
  }

  /** Does it now, or once more after the one that is under way. */
  request(): void {
    if (this.#isStopped) return;
    if (this.#running !== undefined) {
      this.#isAskedAgain = true;
      return;
    }
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (!this.#isAskedAgain) return;
      this.#isAskedAgain = false;
      this.request();
    });
  }

  /** Does it after a delay, in ms. */
  requestIn(delayMs: number): void {
    if (this.#isStopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.request();
    }, delayMs);
    this.#timers.add(timer);
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #run(): Promise<void> {
    try {
      await this.#options.ready();
      const returningMs = this.#options.returningMs();
      if (returningMs > 0) this.requestIn(returningMs);
      else await this.#correct();
    } catch (error) {
      const isAway = error instanceof StoreUnavailableError || error instanceof BusError;
      if (isAway) this.requestIn(RETRY_MS);
      else this.#options.onError(error);
    }
  }

  async #correct(): Promise<void> {
    const { feed, snapshots } = this.#options;
    const { all, users, locations } = feed.watched;
    // Whoever was shown online and is listed no more went offline, or elsewhere, meanwhile.
    const unseen = new Set([...feed.shownOnline, ...users]);
    const queries = all ? [{}] : locations.map((location) => ({ location }));
    for (const query of queries) {
      for await (const userId of this.#correctListed(query)) unseen.delete(userId);
    }
    const rest = [...unseen];
    for (let start = 0; start < rest.length; start += PAGE) {
      const users = rest.slice(start, start + PAGE);
      const before = users.map((userId) => feed.newest(userId));
      const presences = await snapshots.get(users);
      for (const [at, presence] of presences.entries()) this.#correctOne(presence, before[at]);
    }
  }

  #correctOne(presence: Presence, before: Presence | undefined): void {
    const { feed, holds, onGivenUp } = this.#options;
    const sessionId = before?.session_id ?? undefined;
    const isWrong = presence.status === "offline" && sessionId !== undefined && holds(sessionId);
    if (isWrong) onGivenUp();
    else feed.correct(presence, before);
  }

  async *#correctListed(query: Pick<ListQuery, "location">): AsyncGenerator<string> {
    let cursor: string | null = null;
    do {
      const page = await this.#options.snapshots.list({
        ...query,
        ...(cursor === null ? {} : { cursor }),
        limit: PAGE,
      });
      for (const presence of page.presences) {
        this.#options.feed.correct(presence);
        yield presence.user_id;
      }
      cursor = page.cursor;
    } while (cursor !== null);
  }
}
