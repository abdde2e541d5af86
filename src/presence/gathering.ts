import type { Presence } from "../protocol/presence.ts";

/** One user's newest change within a gathering. */
export interface GatheredChange {
  readonly presence: Presence;
  /** Locations whose watchers are told: where the user is, and wherever they were last shown. */
  readonly locations: ReadonlySet<string>;
  /** How much had been {@linkcode Gathering.learned} with it. */
  readonly learned: number;
}

/** So many more users than are to be remembered, as a share, before the oldest are forgotten. */
const SURPLUS = 0.01;

/** What this node knows of one user. */
interface Known {
  /** The newest that anybody here heard of or was shown. */
  newest: Presence;
  /** How much had been learned with that. */
  learned: number;
  /** The version that everyone who watches was told last; -1 for none. */
  told: number;
  /** Locations whose watchers may take the user to be there. */
  at: string[];
  /** Locations to be told of the newest besides, while a change waits for the next flush. */
  pending: Set<string> | undefined;
}

/**
 * Gathers presence changes until they are flushed: of one user's changes the newest, however they
 * were duplicated, reordered or partly lost on their way. It remembers where each user was last shown,
 * so that one message is enough to tell everybody who has to know: those who see the user come, and
 * those who see them go. Pure but for its own state.
 */
export class Gathering {
  /** By user, the longest untouched first. */
  readonly #known = new Map<string, Known>();
  readonly #maxKnown: number;
  #changed: Known[] = [];
  /** Changes that were overtaken, or known already. */
  conflated = 0;
  /** How often this node heard of something newer than it knew. */
  learned = 0;

  /** @param maxKnown how many users are remembered; the longest untouched are forgotten first */
  constructor(maxKnown = 200_000) {
    this.#maxKnown = maxKnown;
  }

  /** Users who changed since the last {@linkcode take}. */
  get size(): number {
    return this.#changed.length;
  }

  /** Users whom anybody here may take to be online. */
  *online(): Generator<string> {
    for (const [userId, { newest, told }] of this.#known) {
      if (newest.status !== "offline" || told < newest.version) yield userId;
    }
  }

  /** The newest that is known of a user. */
  newest(userId: string): Presence | undefined {
    return this.#known.get(userId)?.newest;
  }

  /**
   * Takes in a change.
   *
   * @param seenAt where somebody may have to be told, besides where the user is known to be shown
   * @returns whether there is anything to flush because of it
   */
  offer(presence: Presence, seenAt: Iterable<string | null>): boolean {
    const known = this.#learn(presence);
    if (known.pending === undefined) {
      if (presence.version <= known.told) {
        this.conflated++;
        return false;
      }
      known.pending = new Set();
      this.#changed.push(known);
    } else {
      this.conflated++;
    }
    for (const location of seenAt) if (location !== null) known.pending.add(location);
    return true;
  }

  /** Ends the gathering: the newest of each user who changed. */
  take(): GatheredChange[] {
    const changed = this.#changed;
    this.#changed = [];
    return changed.map((known) => {
      const { newest, learned, at, pending } = known;
      const here = newest.location === null ? [] : [newest.location];
      known.told = newest.version;
      known.at = here;
      known.pending = undefined;
      this.#touch(known);
      return { presence: newest, locations: new Set([...here, ...at, ...pending ?? []]), learned };
    });
  }

  /**
   * Records that somebody is shown a user as read from the store.
   *
   * @returns what to show them: the newest known, which may be newer than what was read
   */
  show(presence: Presence): Presence {
    if (presence.version === 0) return presence;
    const known = this.#learn(presence);
    const { location } = known.newest;
    if (location !== null && !known.at.includes(location)) known.at = [...known.at, location];
    return known.newest;
  }

  /** Nobody is shown anything any more: nothing that was need be remembered. */
  clear(): void {
    if (this.#known.size === 0) return;
    this.#known.clear();
    this.#changed = [];
  }

  #learn(presence: Presence): Known {
    const known = this.#known.get(presence.user_id);
    if (known === undefined) {
      const fresh: Known = {
        newest: presence,
        learned: ++this.learned,
        told: -1,
        at: [],
        pending: undefined,
      };
      this.#known.set(presence.user_id, fresh);
      this.#forgetOldest();
      return fresh;
    }
    if (known.newest.version < presence.version) {
      known.newest = presence;
      known.learned = ++this.learned;
    }
    return known;
  }

  #touch(known: Known): void {
    const { user_id: userId } = known.newest;
    this.#known.delete(userId);
    this.#known.set(userId, known);
  }

  #forgetOldest(): void {
    // Many at a time: a map finds its oldest entry only past all that were removed.
    if (this.#known.size <= this.#maxKnown * (1 + SURPLUS)) return;
    for (const [userId, { pending }] of this.#known) {
      if (this.#known.size <= this.#maxKnown) return;
      if (pending === undefined) this.#known.delete(userId);
    }
  }
}
