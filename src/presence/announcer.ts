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

/** Where a change is to be told, each once. */
type Places = readonly (string | null)[];

interface Announced {
  readonly presence: Presence;
  readonly places: Places;
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
  announce(presence: Presence, before: Places): void {
    const places = placesOf(presence, before);
    this.#feed.offer(presence, places);
    if (this.#bus.isReliable !== true) this.#keep(presence, places);
    if (this.#bus.status === "connected") this.#publish(presence, places);
  }

  /** Says again what may not have got through; call when the bus is back. */
  repeat(): void {
    for (const { presence, places } of this.#recent.values()) this.#publish(presence, places);
  }

  #publish(presence: Presence, places: Places): void {
    let payload: string | undefined;
    for (const place of places) {
      const subject = this.#subjects.presence(place, presence.user_id);
      if (this.#bus.isHeard?.(subject) === false) continue;
      payload ??= JSON.stringify({ presences: [presence] });
      this.#bus.publish(subject, payload);
    }
  }

  #keep(presence: Presence, places: Places): void {
    const { user_id: user, version } = presence;
    const atMs = performance.now();
    const earlier = this.#recent.get(user);
    if (earlier === undefined) this.#recent.set(user, { presence, places, atMs });
    else {
      this.#recent.delete(user);
      this.#recent.set(user, {
        presence: earlier.presence.version > version ? earlier.presence : presence,
        places: union(places, earlier.places),
        atMs,
      });
    }
    const isDue = this.#bus.status === "connected" && atMs >= this.#forgetAtMs;
    if (isDue || this.#recent.size > MAX_KEPT + MAX_SURPLUS) this.#forget(atMs);
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

const NOWHERE: Places = [null];

/** Somebody offline is nowhere: only those where they were want to know, if they were anywhere. */
function placesOf({ status, location }: Presence, before: Places): Places {
  const left = before.filter((place) => place !== null);
  if (left.length === 0 && location === null) return NOWHERE;
  return status === "offline" && left.length > 0 ? [...new Set(left)] : union([location], left);
}

/** What is in either, each once. */
function union(some: Places, others: Places): Places {
  if (others.every((place) => some.includes(place))) return some;
  return [...new Set([...some, ...others])];
}
