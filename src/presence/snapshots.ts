import { EncodedOnce } from "../encoded_once.ts";
import type { Presence } from "../protocol/presence.ts";
import type { Interest } from "./audiences.ts";
import { nextTurn } from "./pace.ts";
import type { Instance, ListQuery, Page, PresenceStore, Snapshot } from "./store.ts";

const PAGE = 500;

/** A read of so many users is work: after it there is a rest as long as it took, in ms up to a limit. */
const LARGE = 200;
const MAX_REST_MS = 200;

/** So many presences, over all replies, are sent in one turn of the event loop. */
const SENT_PER_TURN = 3000;

/** What {@linkcode Snapshots} works with. */
export interface SnapshotOptions {
  readonly store: PresenceStore;
  /** Ends what is left of instances that lost their lease; resolves when that is written. */
  readonly reap: (lapsed: readonly Instance[]) => Promise<void>;
  /** Told what is about to be shown to somebody; gives the newest that is known of each. */
  readonly show: (presences: readonly Presence[]) => readonly Presence[];
}

/** What an interest covers, ready to be sent to many. */
export class PresenceSnapshot extends EncodedOnce {
  readonly presences: readonly Presence[];

  constructor(presences: readonly Presence[]) {
    super();
    this.presences = presences;
  }
}

type Waiter = PromiseWithResolvers<PresenceSnapshot>;

/**
 * Reads presence as it is now. Reads of everyone, or of one location, that are asked for while one is
 * under way share the next: a thousand players who join at once cost a few reads, not a thousand.
 */
export class Snapshots {
  readonly #options: SnapshotOptions;
  /** Who waits for the next read, by location. */
  readonly #waiters = new Map<string, Waiter[]>();
  /** Locations that are being read. */
  readonly #running = new Set<string>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(options: SnapshotOptions) {
    this.#options = options;
  }

  /** Ends what waits to be read; whoever asked is not answered any more. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
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
  async of(interest: Interest): Promise<PresenceSnapshot> {
    const parts = await Promise.all([
      ...(interest.all === true ? [this.#everyone(undefined)] : []),
      ...(interest.locations ?? []).map((location) => this.#everyone(location)),
      ...chunks(interest.users ?? [], PAGE).map((users) => this.#some(users)),
    ]);
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return only;
    return new PresenceSnapshot(newestOfEach(parts.flatMap(({ presences }) => presences)));
  }

  async #some(users: readonly string[]): Promise<PresenceSnapshot> {
    return new PresenceSnapshot(newestOfEach(await this.get(users)));
  }

  /** A read that began before it was asked for may miss what the asker must see: it waits for the next. */
  #everyone(location: string | undefined): Promise<PresenceSnapshot> {
    const key = location ?? "";
    const waiter: Waiter = Promise.withResolvers();
    const waiters = this.#waiters.get(key);
    if (waiters === undefined) this.#waiters.set(key, [waiter]);
    else waiters.push(waiter);
    void this.#run(key, location);
    return waiter.promise;
  }

  async #run(key: string, location: string | undefined): Promise<void> {
    const waiters = this.#waiters.get(key);
    if (waiters === undefined || this.#running.has(key)) return;
    this.#waiters.delete(key);
    this.#running.add(key);
    const startedAt = performance.now();
    let settle: (waiter: Waiter) => void;
    let size = 0;
    try {
      const snapshot = new PresenceSnapshot(await this.#pages(location));
      size = snapshot.presences.length;
      settle = (waiter) => waiter.resolve(snapshot);
    } catch (error) {
      settle = (waiter) => waiter.reject(error);
    }
    const restMs = size < LARGE ? 0 : Math.min(performance.now() - startedAt, MAX_REST_MS);
    this.#after(restMs, () => {
      this.#running.delete(key);
      void this.#run(key, location);
    });
    await settleAll(waiters, settle, Math.max(1, Math.floor(SENT_PER_TURN / Math.max(1, size))));
  }

  #after(ms: number, work: () => void): void {
    if (ms === 0) return work();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    this.#timers.add(timer);
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

/** What is settled brings about replies, each as large as the snapshot: so many in one turn. */
async function settleAll(
  waiters: readonly Waiter[],
  settle: (waiter: Waiter) => void,
  perTurn: number,
): Promise<void> {
  for (const [at, waiter] of waiters.entries()) {
    if (at > 0 && at % perTurn === 0) await nextTurn();
    settle(waiter);
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
