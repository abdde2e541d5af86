/**
 * Presence in this process's memory: for development, tests, and a single node without Redis. Nodes in
 * one process may share a store; everything is lost with the process.
 *
 * @module
 */
import type { Presence } from "../protocol/presence.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { correctListing, type IsAlive, type Listing, type Range } from "./listing.ts";
import { OnlineIndex } from "./online_index.ts";
import { canResume, changeRecord, needLease } from "./record.ts";
import {
  presenceOf,
  type SessionState,
  shownSession,
  unknownPresence,
  type UserRecord,
} from "./state.ts";
import {
  type Change,
  type Instance,
  LeaseLostError,
  type LeaseReport,
  type ListQuery,
  type Outcome,
  type Page,
  type PresenceStore,
  type Snapshot,
} from "./store.ts";
import { UserRecords } from "./user_records.ts";

/** What {@linkcode createMemoryStore} is told. */
export interface MemoryStoreOptions {
  /** How long ended sessions are remembered, in ms. */
  readonly resumeWindowMs: number;
  /**
   * The clock by which leases lapse, in ms.
   *
   * @default {Date.now}
   */
  readonly now?: () => number;
}

/** Makes an empty store. */
export function createMemoryStore(options: MemoryStoreOptions): PresenceStore {
  return new MemoryStore(options);
}

interface Claim {
  readonly claimer: Instance;
  readonly endsAtMs: number;
}

class MemoryStore implements PresenceStore {
  readonly #now: () => number;
  readonly #resumeWindowMs: number;
  readonly #records = new UserRecords();
  readonly #index = new OnlineIndex();
  /** Of each instance that is not reaped: its sessions, session id → user id. */
  readonly #instances = new Map<Instance, Map<string, string>>();
  /** When each lease ends. */
  readonly #leases = new Map<Instance, number>();
  readonly #claims = new Map<Instance, Claim>();

  constructor({ resumeWindowMs, now = Date.now }: MemoryStoreOptions) {
    this.#resumeWindowMs = resumeWindowMs;
    this.#now = now;
  }

  apply(instance: Instance, changes: readonly Change[]): Promise<readonly Outcome[]> {
    return answer(() => {
      if (needLease(instance, changes) && !this.#isAlive(instance)) {
        throw new LeaseLostError(`The lease of ${instance} is gone: go on as a new instance`);
      }
      return changes.map((change) => this.#change(change));
    });
  }

  applyNow(instance: Instance, change: Change): Outcome | undefined {
    const isAllowed = change.op === "leave" ||
      (change.session.instance === instance && this.#isAlive(instance));
    return isAllowed ? this.#change(change) : undefined;
  }

  get(userIds: readonly string[]): Promise<Snapshot> {
    return answer(() => {
      const holders = userIds.flatMap((userId) =>
        this.#sessions(userId).map((session) => session.instance)
      );
      return {
        presences: userIds.map((userId) => this.#presence(userId)),
        lapsed: this.#lapsed(new Set(holders)),
      };
    });
  }

  list({ location, cursor, limit }: ListQuery): Promise<Page> {
    return answer(() => {
      const after = cursor === undefined ? undefined : decodeCursor(location, cursor);
      const lapsed = this.#lapsed(this.#instances.keys());
      const { userIds, total } = this.#listing({ location, after, limit }, lapsed);
      const page = userIds.slice(0, limit);
      const last = userIds.length > limit ? page.at(-1) : undefined;
      return {
        presences: page.map((userId) => this.#presence(userId)),
        lapsed,
        cursor: last === undefined ? null : encodeCursor(location, last),
        total,
      };
    });
  }

  sessionsOf(userId: string): Promise<readonly SessionState[]> {
    return answer(() =>
      this.#sessions(userId).filter((session) => this.#isAlive(session.instance))
    );
  }

  openLease(instance: Instance, ttlMs: number): Promise<LeaseReport> {
    return answer(() => {
      this.#leases.set(instance, this.#now() + ttlMs);
      if (!this.#instances.has(instance)) this.#instances.set(instance, new Map());
      return this.#report(instance, true);
    });
  }

  renewLease(instance: Instance, ttlMs: number): Promise<LeaseReport> {
    return answer(() => {
      const held = this.#isAlive(instance);
      if (held) this.#leases.set(instance, this.#now() + ttlMs);
      return this.#report(instance, held);
    });
  }

  claim(instance: Instance, claimer: Instance, claimTtlMs: number): Promise<boolean> {
    return answer(() => {
      const claim = this.#claims.get(instance);
      const isTaken = claim !== undefined && claim.claimer !== claimer &&
        claim.endsAtMs > this.#now();
      if (isTaken || !this.#instances.has(instance)) return false;
      this.#claims.set(instance, { claimer, endsAtMs: this.#now() + claimTtlMs });
      this.#leases.delete(instance);
      return true;
    });
  }

  reap(instance: Instance, nowMs: number): Promise<readonly Outcome[]> {
    return answer(() => {
      this.#leases.delete(instance);
      const sessions = [...this.#instances.get(instance) ?? []];
      const outcomes = sessions.map(([session_id, user_id]) =>
        this.#change({ op: "leave", user_id, session_id, instance, now_ms: nowMs })
      );
      this.#instances.delete(instance);
      this.#claims.delete(instance);
      return outcomes.filter((outcome) => outcome.changed);
    });
  }

  ping(): Promise<void> {
    return Promise.resolve();
  }

  #change(change: Change): Outcome {
    const { user_id } = change;
    const before = this.#records.get(user_id);
    const after = changeRecord(before, change, this.#resumeWindowMs);
    if (after !== undefined && after !== before) this.#keep(after);
    if (change.op === "leave") {
      this.#instances.get(change.instance)?.delete(change.session_id);
    } else if (change.op === "put" || after !== before) {
      this.#instances.get(change.session.instance)?.set(change.session.session_id, user_id);
    }
    return {
      presence: after === undefined ? unknownPresence(user_id) : presenceOf(after),
      previous_location: before === undefined ? null : shownLocation(before) ?? null,
      changed: after !== before,
      sessions: after?.sessions ?? [],
      can_resume: canResume(after, change, this.#resumeWindowMs),
    };
  }

  #keep(record: UserRecord): void {
    this.#records.keep(record, this.#now());
    const location = shownLocation(record);
    if (location === undefined) this.#index.delete(record.user_id);
    else this.#index.set(record.user_id, location);
  }

  #presence(userId: string): Presence {
    const record = this.#records.get(userId);
    return record === undefined ? unknownPresence(userId) : presenceOf(record, this.#isAlive);
  }

  #sessions(userId: string): readonly SessionState[] {
    return this.#records.get(userId)?.sessions ?? [];
  }

  #listing(range: Range, lapsed: readonly Instance[]): Listing {
    const { location, after, limit } = range;
    const affected = this.#usersOf(lapsed);
    const indexed = {
      userIds: this.#index.page(location, after, limit + 1 + affected.length),
      total: this.#index.count(location),
    };
    return affected.length === 0
      ? indexed
      : correctListing(indexed, affected, this.#isAlive, range);
  }

  #usersOf(instances: readonly Instance[]): UserRecord[] {
    const userIds = new Set(
      instances.flatMap((instance) => [...this.#instances.get(instance)?.values() ?? []]),
    );
    return [...userIds].flatMap((userId) => this.#records.get(userId) ?? []);
  }

  #report(instance: Instance, held: boolean): LeaseReport {
    const registered = [...this.#instances.keys()];
    return {
      held,
      lapsed: this.#lapsed(registered),
      others: registered.filter((other) => other !== instance && this.#isAlive(other)),
    };
  }

  #lapsed(instances: Iterable<Instance>): Instance[] {
    return [...instances].filter((instance) => !this.#isAlive(instance));
  }

  readonly #isAlive: IsAlive = (instance) => {
    const endsAtMs = this.#leases.get(instance);
    return endsAtMs !== undefined && endsAtMs > this.#now();
  };
}

/** Where a user is shown: null for nowhere, undefined when they are offline. */
function shownLocation({ sessions }: UserRecord): string | null | undefined {
  return shownSession(sessions)?.location;
}

/** What `work` returns or throws, as a promise. */
function answer<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
