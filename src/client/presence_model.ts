import type { PresenceInterestParams } from "../protocol/methods.ts";
import type { Presence } from "../protocol/presence.ts";

/** What changed in a view, gathered per message. */
export interface PresenceChange {
  /** Users who came or whose presence is new. */
  readonly changed: readonly Presence[];
  /** Ids of users who are no longer in the view: offline, or gone from where it looks. */
  readonly removed: readonly string[];
}

/** What a view looks at. */
export interface PresenceFilter {
  /** Whether the view shows a presence. */
  matches(presence: Presence): boolean;
  /** Whether a user was asked for by id. */
  names(userId: string): boolean;
}

/** How many presences are kept of users who are neither in the view nor asked for by id. */
const OTHERS_LIMIT = 1_000;

/** The users of a presence view: the newest version of each wins, whatever order they come in. */
export class PresenceModel {
  readonly #filter: PresenceFilter;
  readonly #online = new Map<string, Presence>();
  /** Offline, and asked for by id: as many as the player asks for. */
  readonly #named = new Map<string, Presence>();
  /** Offline or elsewhere; also what keeps an older message from bringing them back. */
  readonly #others = new Map<string, Presence>();
  /** Who was heard of since {@linkcode begin}; null while no whole snapshot is on its way. */
  #heard: Set<string> | null = null;

  constructor(filter: PresenceFilter) {
    this.#filter = filter;
  }

  get online(): ReadonlyMap<string, Presence> {
    return this.#online;
  }

  get(userId: string): Presence | undefined {
    return this.#online.get(userId) ?? this.#named.get(userId) ?? this.#others.get(userId);
  }

  /** What is known of those that an interest names. */
  select({ users = [], locations = [], all = false }: PresenceInterestParams): Presence[] {
    const named = users.flatMap((id) => this.get(id) ?? []);
    const asked = new Set(users);
    const there = [...this.#online.values()].filter(({ user_id, location }) =>
      !asked.has(user_id) && (all || (location !== null && locations.includes(location)))
    );
    return [...named, ...there];
  }

  /** Takes presences as they come: updates, or part of a snapshot. */
  apply(presences: readonly Presence[]): PresenceChange {
    /** Those who are new, and whether the view showed them before. */
    const shown = new Map<string, boolean>();
    for (const presence of presences) {
      const { user_id, version } = presence;
      this.#heard?.add(user_id);
      const known = this.get(user_id);
      if (known !== undefined && version < known.version) continue;
      if (version === known?.version && this.#online.has(user_id)) continue;
      if (!shown.has(user_id)) shown.set(user_id, this.#online.has(user_id));
      // The same version may bring a user into the view who was known from elsewhere.
      this.#place(version === known?.version ? known : presence);
    }
    const ids = [...shown.keys()];
    return {
      changed: ids.flatMap((id) => this.#online.get(id) ?? []),
      removed: ids.filter((id) => shown.get(id) === true && !this.#online.has(id)),
    };
  }

  /** A whole snapshot is on its way; what comes meanwhile may be newer. */
  begin(): void {
    this.#heard = new Set();
  }

  /** The snapshot has come, all of it given to {@linkcode apply}: who is not in it is gone. */
  complete(): PresenceChange {
    const heard = this.#heard;
    this.#heard = null;
    const removed = [...this.#online.keys()].filter((id) => heard !== null && !heard.has(id));
    for (const id of removed) this.#online.delete(id);
    return { changed: [], removed };
  }

  /** The view looks elsewhere now: hides who does not match; who does is for a snapshot to tell. */
  refilter(): PresenceChange {
    const hidden = [...this.#online.values()].filter((presence) => !this.#filter.matches(presence));
    const unnamed = [...this.#named.values()].filter(({ user_id }) => !this.#filter.names(user_id));
    for (const presence of [...hidden, ...unnamed]) this.#place(presence);
    return { changed: [], removed: hidden.map(({ user_id }) => user_id) };
  }

  /** Forgets everyone. */
  clear(): PresenceChange {
    const removed = [...this.#online.keys()];
    this.#online.clear();
    this.#named.clear();
    this.#others.clear();
    return { changed: [], removed };
  }

  #place(presence: Presence): void {
    const { user_id, status } = presence;
    const here = status !== "offline" && this.#filter.matches(presence)
      ? this.#online
      : this.#filter.names(user_id)
      ? this.#named
      : this.#others;
    this.#named.delete(user_id);
    this.#others.delete(user_id);
    if (here !== this.#online) this.#online.delete(user_id);
    here.set(user_id, presence);
    if (this.#others.size > OTHERS_LIMIT) {
      const [oldest] = this.#others.keys();
      if (oldest !== undefined) this.#others.delete(oldest);
    }
  }
}
