import { ErrorCode, RpcError } from "../protocol/errors.ts";
import type { Presence } from "../protocol/presence.ts";

/** What one watcher may watch by name: each name costs memory here and a subscription on the bus. */
const MAX_USERS = 5000;
const MAX_LOCATIONS = 500;

/** Somebody who is sent presence changes. */
export interface Watcher {
  /** Sends one encoded message. */
  send(message: string): void;
  /** Whether it is behind: it is then sent the newest state later instead of every step. */
  readonly isLagging: boolean;
}

/** What a watcher asks for, or no longer asks for. */
export interface Interest {
  readonly users?: readonly string[];
  readonly locations?: readonly string[];
  readonly all?: boolean;
}

/** One watcher and all that it watches. */
export class Subscription {
  readonly watcher: Watcher;
  readonly users: Set<string> = new Set();
  readonly locations: Set<string> = new Set();
  all = false;
  /** What it was not sent while it lagged: the newest of each user. */
  missed: Map<string, Presence> | undefined;

  constructor(watcher: Watcher) {
    this.watcher = watcher;
  }

  /** Whether it watches nothing any more. */
  get isIdle(): boolean {
    return !this.all && this.users.size === 0 && this.locations.size === 0;
  }
}

/** Told when somebody begins and when nobody continues to watch something. */
export interface AudienceListener {
  onWatched(kind: "user" | "location", key: string): void;
  onUnwatched(kind: "user" | "location", key: string): void;
  onAllWatched(): void;
  onAllUnwatched(): void;
}

const NOBODY: ReadonlySet<Subscription> = new Set();

/** Who watches whom on this node: everyone, locations, users. */
export class Audiences {
  readonly #listener: AudienceListener;
  readonly #subscriptions = new Map<Watcher, Subscription>();
  readonly #all = new Set<Subscription>();
  readonly #users = new Map<string, Set<Subscription>>();
  readonly #locations = new Map<string, Set<Subscription>>();

  constructor(listener: AudienceListener) {
    this.#listener = listener;
  }

  /** Whether nobody watches anything. */
  get isEmpty(): boolean {
    return this.#subscriptions.size === 0;
  }

  get all(): ReadonlySet<Subscription> {
    return this.#all;
  }

  ofUser(userId: string): ReadonlySet<Subscription> {
    return this.#users.get(userId) ?? NOBODY;
  }

  ofLocation(location: string): ReadonlySet<Subscription> {
    return this.#locations.get(location) ?? NOBODY;
  }

  /** What is watched by anyone. */
  get watched(): { all: boolean; users: readonly string[]; locations: readonly string[] } {
    return {
      all: this.#all.size > 0,
      users: [...this.#users.keys()],
      locations: [...this.#locations.keys()],
    };
  }

  of(watcher: Watcher): Subscription | undefined {
    return this.#subscriptions.get(watcher);
  }

  /** @throws {RpcError} invalid params, when that would be too much for one watcher */
  subscribe(watcher: Watcher, interest: Interest): void {
    let subscription = this.#subscriptions.get(watcher);
    requireRoom("users", subscription?.users, interest.users, MAX_USERS);
    requireRoom("locations", subscription?.locations, interest.locations, MAX_LOCATIONS);
    if (subscription === undefined) {
      subscription = new Subscription(watcher);
      this.#subscriptions.set(watcher, subscription);
    }
    if (interest.all === true && !subscription.all) {
      subscription.all = true;
      if (this.#all.add(subscription).size === 1) this.#listener.onAllWatched();
    }
    for (const user of interest.users ?? []) {
      subscription.users.add(user);
      if (enter(this.#users, user, subscription)) this.#listener.onWatched("user", user);
    }
    for (const location of interest.locations ?? []) {
      subscription.locations.add(location);
      if (enter(this.#locations, location, subscription)) {
        this.#listener.onWatched("location", location);
      }
    }
  }

  unsubscribe(watcher: Watcher, interest: Interest): void {
    const subscription = this.#subscriptions.get(watcher);
    if (subscription === undefined) return;
    if (interest.all === true && subscription.all) {
      subscription.all = false;
      this.#all.delete(subscription);
      if (this.#all.size === 0) this.#listener.onAllUnwatched();
    }
    for (const user of interest.users ?? []) {
      subscription.users.delete(user);
      if (exit(this.#users, user, subscription)) this.#listener.onUnwatched("user", user);
    }
    for (const location of interest.locations ?? []) {
      subscription.locations.delete(location);
      if (exit(this.#locations, location, subscription)) {
        this.#listener.onUnwatched("location", location);
      }
    }
    if (subscription.isIdle) this.#subscriptions.delete(watcher);
  }

  /** Ends all that a watcher watches. */
  release(watcher: Watcher): void {
    const subscription = this.#subscriptions.get(watcher);
    if (subscription === undefined) return;
    this.unsubscribe(watcher, {
      all: true,
      users: [...subscription.users],
      locations: [...subscription.locations],
    });
  }
}

function requireRoom(
  param: "users" | "locations",
  watched: ReadonlySet<string> | undefined,
  added: readonly string[] | undefined,
  limit: number,
): void {
  const size = watched?.size ?? 0;
  if (added === undefined || size + added.length <= limit) return;
  const fresh = new Set(added.filter((name) => watched?.has(name) !== true));
  if (size + fresh.size <= limit) return;
  const message = `One connection can watch ${limit} at most; watch all instead`;
  throw new RpcError(ErrorCode.invalidParams, { issues: [{ path: [param], message }] });
}

type Index = Map<string, Set<Subscription>>;

/** True when it is the first under its key. */
function enter(index: Index, key: string, subscription: Subscription): boolean {
  const set = index.get(key);
  if (set === undefined) index.set(key, new Set([subscription]));
  else set.add(subscription);
  return set === undefined;
}

/** True when it was the last under its key. */
function exit(index: Index, key: string, subscription: Subscription): boolean {
  const set = index.get(key);
  if (set === undefined || !set.delete(subscription) || set.size > 0) return false;
  index.delete(key);
  return true;
}
