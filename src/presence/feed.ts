import { type Bus, BusError, type BusMessage, type BusSubscription } from "../bus/bus.ts";
import type { Subjects } from "../bus/subjects.ts";
import type { Presence } from "../protocol/presence.ts";
import type { Counters } from "../telemetry/counters.ts";
import { Audiences, type Interest, type Watcher } from "./audiences.ts";
import { FeedDelivery } from "./feed_delivery.ts";
import { Gathering } from "./gathering.ts";
import { Pace } from "./pace.ts";
import { parseUpdate } from "./update_codec.ts";

/** Flushing takes at most one part in so many of the event loop's time: the window stretches. */
const FLUSH_SHARE = 5;
const MAX_FLUSH_MS = 1000;

/** What {@linkcode PresenceFeed} works with. */
export interface FeedOptions {
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly counters: Counters;
  /** How long changes are gathered, in ms. */
  readonly flushMs: number;
  /** Told of a bus message that does not have the contract's shape; it was dropped. */
  readonly onMalformed: (subject: string) => void;
}

/**
 * Presence changes on their way to those who watch: from this node's sessions at once, from other
 * nodes over the bus, which is asked only for what somebody here watches. Changes are gathered, and
 * each audience is sent one message, encoded once, a slice at a time when it is large.
 */
export class PresenceFeed {
  readonly #options: FeedOptions;
  readonly #audiences: Audiences;
  readonly #gathering = new Gathering();
  readonly #busSubscriptions = new Map<string, BusSubscription>();
  readonly #delivery: FeedDelivery;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Not to flush again before, by the monotonic clock. */
  #notBeforeMs = 0;
  /** How often the bus was asked for something, and how much of that it is known to know. */
  #subscribed = 0;
  #settled = 0;
  #isFlushing = false;
  #isStopped = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    const { subjects } = options;
    const pattern = (kind: "user" | "location", key: string) =>
      kind === "user" ? subjects.presenceOfUser(key) : subjects.presenceOfLocation(key);
    this.#audiences = new Audiences({
      onWatched: (kind, key) => {
        this.#listen(pattern(kind, key));
        if (kind === "location") this.#delivery.begin(key, this.#gathering.learned);
      },
      onUnwatched: (kind, key) => {
        this.#ignore(pattern(kind, key));
        if (kind === "location") this.#delivery.end(key);
      },
      onAllWatched: () => {
        this.#listen(subjects.presenceOfAll());
        this.#delivery.begin(null, this.#gathering.learned);
      },
      onAllUnwatched: () => {
        this.#ignore(subjects.presenceOfAll());
        this.#delivery.end(null);
      },
    });
    this.#delivery = new FeedDelivery(this.#audiences, options.counters);
  }

  /** What anyone on this node watches. */
  get watched(): Audiences["watched"] {
    return this.#audiences.watched;
  }

  /** Users whom anybody on this node may take to be online. */
  get shownOnline(): Iterable<string> {
    return this.#gathering.online();
  }

  /** Begins to send a watcher what it asks for. Take the snapshot after this, so that nothing is missed. */
  subscribe(watcher: Watcher, interest: Interest): void {
    this.#audiences.subscribe(watcher, interest);
  }

  /** Resolves when the bus knows of everything that is watched here, or is away: then a resync follows. */
  async settle(): Promise<void> {
    const subscribed = this.#subscribed;
    if (subscribed === this.#settled) return;
    try {
      await this.#options.bus.flush();
      this.#settled = Math.max(this.#settled, subscribed);
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
    }
  }

  unsubscribe(watcher: Watcher, interest: Interest): void {
    this.#audiences.unsubscribe(watcher, interest);
    this.#forgetUnwatched();
  }

  /** Ends all that a watcher watches. */
  release(watcher: Watcher): void {
    this.#audiences.release(watcher);
    this.#forgetUnwatched();
  }

  /**
   * Records that somebody is shown what was read from the store.
   *
   * @returns what to show them: of each user the newest that is known here
   */
  show(presences: readonly Presence[]): readonly Presence[] {
    if (this.#isIdle) return presences;
    return presences.map((presence) => this.#gathering.show(presence));
  }

  /**
   * Takes in a change, unless it concerns nobody: whoever begins to watch reads the store after that.
   *
   * @param seenAt where somebody may have to be told, besides where the user is known to be shown
   */
  offer(presence: Presence, seenAt: readonly (string | null)[] = []): void {
    if (this.#isIdle) return;
    if (this.#gathering.offer(presence, seenAt)) this.#plan();
  }

  /** The newest that is known here of a user, if somebody watches. */
  newest(userId: string): Presence | undefined {
    return this.#gathering.newest(userId);
  }

  /**
   * Takes in what the store says, after changes may have been missed. Of a user whom the store has
   * lost it knows no version: they are told to be offline, one version after the last.
   *
   * @param before the {@linkcode newest} when the store was asked: who has changed since is not lost
   */
  correct(presence: Presence, before?: Presence): void {
    const known = this.newest(presence.user_id);
    const isLost = presence.version === 0 && known === before && known?.status !== "offline";
    if (known === undefined || known.version < presence.version) this.offer(presence);
    else if (!isLost) this.offer(known);
    else this.offer({ ...presence, last_seen: known.last_seen, version: known.version + 1 });
  }

  /** Sends a watcher that has caught up the newest of what it was not sent meanwhile. */
  catchUp(watcher: Watcher): void {
    const subscription = this.#audiences.of(watcher);
    if (subscription !== undefined) this.#delivery.catchUp(subscription);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    for (const subscription of this.#busSubscriptions.values()) subscription.unsubscribe();
    this.#busSubscriptions.clear();
  }

  /**
   * Whether nobody watches, so that nothing need be remembered. Where a bus may be cut, old news is
   * said again, and who begins to watch is spared it only by what is remembered.
   */
  get #isIdle(): boolean {
    return this.#options.bus.isReliable === true && this.#audiences.isEmpty;
  }

  #forgetUnwatched(): void {
    if (this.#isIdle) this.#gathering.clear();
  }

  #listen(pattern: string): void {
    this.#subscribed++;
    const subscription = this.#options.bus.subscribe(pattern, (message) => this.#receive(message));
    this.#busSubscriptions.set(pattern, subscription);
  }

  #ignore(pattern: string): void {
    this.#busSubscriptions.get(pattern)?.unsubscribe();
    this.#busSubscriptions.delete(pattern);
  }

  #receive(message: BusMessage): void {
    const seen = this.#options.subjects.parsePresence(message.subject);
    const presences = parseUpdate(message.data);
    if (seen === undefined || presences === undefined) {
      this.#options.counters.busMalformed++;
      this.#options.onMalformed(message.subject);
      return;
    }
    for (const presence of presences) this.offer(presence, [seen.location]);
  }

  #plan(): void {
    if (this.#isStopped || this.#isFlushing) return;
    const waitMs = Math.max(this.#options.flushMs, this.#notBeforeMs - performance.now());
    this.#timer ??= setTimeout(() => void this.#flush(), waitMs);
  }

  async #flush(): Promise<void> {
    const { counters } = this.#options;
    const pace = new Pace();
    this.#timer = undefined;
    this.#isFlushing = true;
    await this.#delivery.tell(this.#gathering.take(), pace);
    this.#isFlushing = false;
    const { workedMs } = pace;
    this.#notBeforeMs = performance.now() + Math.min(workedMs * (FLUSH_SHARE - 1), MAX_FLUSH_MS);
    counters.presenceFlushes++;
    counters.presenceFlushMs += workedMs;
    counters.presenceConflated += this.#gathering.conflated;
    this.#gathering.conflated = 0;
    if (this.#gathering.size > 0) this.#plan();
  }
}
