import type { Presence } from "../protocol/presence.ts";
import type { Interest } from "./audiences.ts";
import type { Instance, ListQuery, Page, PresenceStore, Snapshot } from "./store.ts";

const PAGE = 500;

/** What {@linkcode Snapshots} works with. */
export interface SnapshotOptions {
  readonly store: PresenceStore;
  /** Ends what is left of instances that lost their lease; resolves when that is written. */
  readonly reap: (lapsed: readonly Instance[]) => Promise<void>;
  /** Told what is about to be shown to somebody; gives the newest that is known of each. */
  readonly show: (presences: readonly Presence[]) => readonly Presence[];
}

/**
 * Reads presence as it is now. Reads of everyone, or of one location, that are asked for while one is
 * under way share the next: a thousand players who join at once cost two reads, not a thousand.
 */
export class Snapshots {
  readonly #options: SnapshotOptions;
  readonly #running = new Map<string, Promise<readonly Presence[]>>();
  readonly #next = new Map<string, Promise<readonly Presence[]>>();

  constructor(options: SnapshotOptions) {
    this.#options = options;
  }

  /** Users in the order asked. */
  async get(userIds: readonly string[]): Promise<readonly Presence[]> {
    const { presences } = await this.#whole(() => this.#options.store.get(userIds));
    return this.#options.show(presences);
  }

  /** One page of the online users. */
  async list(query: ListQuery): Promise<Page> {
    const page = await this.#whole(() => this.#options.store.list(query));
    this.#options.show(page.presences);
    return page;
  }

  /** All that an interest covers, each user once. */
  async of(interest: Interest): Promise<readonly Presence[]> {
    const parts = await Promise.all([
      ...(interest.all === true ? [this.#everyone(undefined)] : []),
      ...(interest.locations ?? []).map((location) => this.#everyone(location)),
      ...chunks(interest.users ?? [], PAGE).map((users) => this.get(users)),
    ]);
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : newestOfEach(parts.flat());
  }

  /** A read that began before it was asked for may miss what the asker must see: it waits for the next. */
  #everyone(location: string | undefined): Promise<readonly Presence[]> {
    const key = location ?? "";
    const running = this.#running.get(key);
    if (running === undefined) return this.#run(key, location);
    let next = this.#next.get(key);
    if (next === undefined) {
      next = running.catch(() => {}).then(() => {
        this.#next.delete(key);
        return this.#run(key, location);
      });
      this.#next.set(key, next);
    }
    return next;
  }

  #run(key: string, location: string | undefined): Promise<readonly Presence[]> {
    const run = this.#pages(location).finally(() => this.#running.delete(key));
    this.#running.set(key, run);
    return run;
  }

  async #pages(location: string | undefined): Promise<readonly Presence[]> {
    const presences: Presence[] = [];
    let cursor: string | null = null;
    do {
      const page: Page = await this.list({
        ...(location === undefined ? {} : { location }),
        ...(cursor === null ? {} : { cursor }),
        limit: PAGE,
      });
      presences.push(...page.presences);
      cursor = page.cursor;
    } while (cursor !== null);
    return this.#options.show(presences);
  }

  /** Reads, and once more when the read came upon the remains of a dead node. */
  async #whole<Read extends Snapshot>(read: () => Promise<Read>): Promise<Read> {
    const found = await read();
    if (found.lapsed.length === 0) return found;
    await this.#options.reap(found.lapsed);
    return read();
  }
}

function newestOfEach(presences: readonly Presence[]): Presence[] {
  const newest = new Map<string, Presence>();
  for (const presence of presences) {
    const known = newest.get(presence.user_id);
    if (known === undefined || known.version < presence.version) {
      newest.set(presence.user_id, presence);
    }
  }
  return [...newest.values()];
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < items.length; start += size) {
    parts.push(items.slice(start, start + size));
  }
  return parts;
}
