import type { Presence } from "../protocol/presence.ts";

/** One user's newest change within a gathering. */
export interface GatheredChange {
  readonly presence: Presence;
  /** Locations at which it is seen: where the user is, and where they were. */
  readonly locations: Set<string>;
  /** Whether those who watch the user, or everyone, have yet to be told. */
  isNews: boolean;
}

interface Known {
  readonly version: number;
  /** Locations whose watchers were told of this version. */
  readonly locations: ReadonlySet<string>;
}

/** How many users' versions are remembered; the longest untouched are forgotten first. */
const MAX_KNOWN = 200_000;

/**
 * Gathers presence changes until they are flushed: of one user's changes the newest, however they
 * were duplicated or reordered on their way. Pure but for its own state.
 */
export class Gathering {
  #changes = new Map<string, GatheredChange>();
  readonly #known = new Map<string, Known>();
  readonly #shown = new Map<string, string | null>();
  /** Changes that were overtaken, or known already. */
  conflated = 0;

  get size(): number {
    return this.#changes.size;
  }

  /**
   * Takes in a change.
   *
   * @param location where it is to be seen besides by those who watch the user; null for nowhere
   * @returns whether there is anything to flush because of it
   */
  offer(presence: Presence, location: string | null): boolean {
    const { user_id: userId, version } = presence;
    const pending = this.#changes.get(userId);
    const known = this.#known.get(userId);
    const newest = pending?.presence.version ?? known?.version ?? -1;
    if (version < newest) {
      this.conflated++;
      return false;
    }
    if (version === newest) {
      return pending === undefined
        ? this.#addLocation(presence, location, known)
        : this.#extend(pending, location);
    }
    if (pending !== undefined) this.conflated++;
    // Who was to hear of an overtaken change hears of this one: it is how they see the user leave.
    const locations = pending?.locations ?? new Set<string>();
    if (location !== null) locations.add(location);
    this.#changes.set(userId, { presence, locations, isNews: true });
    return true;
  }

  /** Ends the gathering: all changes, each user once. */
  take(): Iterable<GatheredChange> {
    const changes = this.#changes;
    this.#changes = new Map();
    for (const change of changes.values()) this.#remember(change);
    return changes.values();
  }

  /** Records that watchers were shown this in a snapshot. */
  note(presence: Presence): void {
    const { user_id: userId, status, location } = presence;
    if (status === "offline") this.#shown.delete(userId);
    else if (this.#shown.size < MAX_KNOWN) this.#shown.set(userId, location);
  }

  /** Users whom watchers were shown online and not yet offline, with where they were shown. */
  get shown(): ReadonlyMap<string, string | null> {
    return this.#shown;
  }

  #extend(pending: GatheredChange, location: string | null): boolean {
    if (location !== null) pending.locations.add(location);
    return true;
  }

  /** The same version again: only the watchers of a location that has not heard of it are told. */
  #addLocation(presence: Presence, location: string | null, known: Known | undefined): boolean {
    if (location === null || known?.locations.has(location)) {
      this.conflated++;
      return false;
    }
    this.#changes.set(presence.user_id, {
      presence,
      locations: new Set([location]),
      isNews: false,
    });
    return true;
  }

  #remember({ presence, locations }: GatheredChange): void {
    const known = this.#known.get(presence.user_id);
    const told = known?.version === presence.version
      ? new Set([...known.locations, ...locations])
      : locations;
    this.#learn(presence, told);
  }

  #learn(presence: Presence, locations: ReadonlySet<string>): void {
    const { user_id: userId, version } = presence;
    this.#known.delete(userId);
    this.#known.set(userId, { version, locations });
    this.note(presence);
    if (this.#known.size <= MAX_KNOWN) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      break;
    }
  }
}
