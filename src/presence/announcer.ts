import type { Bus } from "../bus/bus.ts";
import type { Subjects } from "../bus/subjects.ts";
import type { Presence } from "../protocol/presence.ts";
import type { PresenceFeed } from "./feed.ts";

/** A link that broke without a word may swallow messages for so long before that is noticed, in ms. */
const UNCERTAIN_MS = 4000;

/** Old announcements are looked for so often, in ms: a map finds its oldest only past all removed ones. */
const FORGET_EVERY_MS = 250;

/** Users whose announcement is kept for repetition at most; more only cost a later repair. */
const MAX_KEPT = 100_000;
/** …and so many more before the oldest are dropped. */
const MAX_SURPLUS = 1000;

interface Announced {
  readonly presence: Presence;
  readonly locations: ReadonlySet<string | null>;
  readonly atMs: number;
}

/**
 * Tells everyone of a change: watchers on this node at once, other nodes over the bus, on the
 * subject of where the user is and of where they were. What falls into a cut of the bus is said
 * again after it, the newest of each user.
 */
export class Announcer {
  readonly #bus: Bus;
  readonly #subjects: Subjects;
  readonly #feed: PresenceFeed;
  /** By user, the oldest first. */
  readonly #recent = new Map<string, Announced>();
  /** Nothing is to be forgotten before. */
  #forgetAtMs = 0;

  constructor(bus: Bus, subjects: Subjects, feed: PresenceFeed) {
    this.#bus = bus;
    this.#subjects = subjects;
    this.#feed = feed;
  }

  /**
   * Tells that a user is shown anew.
   *
   * @param before where the user may have been shown until now
   */
  announce(presence: Presence, before: readonly (string | null)[]): void {
    const locations = placesOf(presence, before);
    this.#feed.offer(presence, locations);
    this.#keep(presence, locations);
    if (this.#bus.status === "connected") this.#publish(presence, locations);
  }

  /** Says again what may not have got through; call when the bus is back. */
  repeat(): void {
    for (const { presence, locations } of this.#recent.values()) {
      this.#publish(presence, locations);
    }
  }

  #publish(presence: Presence, locations: ReadonlySet<string | null>): void {
    const payload = JSON.stringify({ presences: [presence] });
    for (const location of locations) {
      this.#bus.publish(this.#subjects.presence(location, presence.user_id), payload);
    }
  }

  #keep(presence: Presence, locations: ReadonlySet<string | null>): void {
    const nowMs = performance.now();
    const earlier = this.#recent.get(presence.user_id);
    this.#recent.delete(presence.user_id);
    this.#recent.set(presence.user_id, {
      presence: earlier !== undefined && earlier.presence.version > presence.version
        ? earlier.presence
        : presence,
      locations: new Set([...locations, ...(earlier?.locations ?? [])]),
      atMs: nowMs,
    });
    const isDue = this.#bus.status === "connected" && nowMs >= this.#forgetAtMs;
    if (isDue || this.#recent.size > MAX_KEPT + MAX_SURPLUS) this.#forget(nowMs);
  }

  #forget(nowMs: number): void {
    const mayForget = this.#bus.status === "connected";
    this.#forgetAtMs = nowMs + FORGET_EVERY_MS;
    for (const [user, { atMs }] of this.#recent) {
      const isOver = mayForget && nowMs - atMs >= UNCERTAIN_MS;
      if (!isOver && this.#recent.size <= MAX_KEPT) return;
      this.#recent.delete(user);
    }
  }
}

/** Somebody offline is nowhere: only those where they were want to know, if they were anywhere. */
function placesOf(
  { status, location }: Presence,
  before: readonly (string | null)[],
): ReadonlySet<string | null> {
  const left = before.filter((place) => place !== null);
  return new Set(status === "offline" && left.length > 0 ? left : [location, ...left]);
}
