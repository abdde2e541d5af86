import type { PresenceInterestParams } from "../protocol/methods.ts";
import type { Presence } from "../protocol/presence.ts";

/** What changed in a view, gathered per message. */
export interface PresenceChange {
  /** Users who came or whose presence is new. */
  readonly changed: readonly Presence[];
  /** Ids of users who are no longer in the view: offline, or gone from where it looks. */
  readonly removed: readonly string[];
}

/** How many presences are kept of users who are not in the view. */
const OTHERS_LIMIT = 1_000;

/** The users of a presence view: the newest version of each wins, whatever order they come in. */
export class PresenceModel {
  readonly #matches: (presence: Presence) => boolean;
  readonly #online = new Map<string, Presence>();
  /** Offline or elsewhere; also what keeps an older message from bringing them back. */
  readonly #others = new Map<string, Presence>();
  /** Who was heard of since {@linkcode begin}; null while no whole snapshot is on its way. */
  #heard: Set<string> | null = null;

  /** @param matches whether the view shows a presence */
  constructor(matches: (presence: Presence) => boolean) {
    this.#matches = matches;
  }

  get online(): ReadonlyMap<string, Presence> {
    return this.#online;
  }

  get(userId: string): Presence | undefined {
    return this.#online.get(userId) ?? this.#others.get(userId);
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
    const changed: Presence[] = [];
    const removed: string[] = [];
    for (const presence of presences) {
      const { user_id, version } = presence;
      this.#heard?.add(user_id);
      const known = this.get(user_id);
      if (known !== undefined && version < known.version) continue;
      if (version === known?.version && this.#online.has(user_id)) continue;
      // The same version may bring a user into the view who was known from elsewhere.
      if (this.#place(version === known?.version ? known : presence)) changed.push(presence);
      else if (this.#online.delete(user_id)) removed.push(user_id);
    }
    return { changed, removed };
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
    const hidden = [...this.#online.values()].filter((presence) => !this.#place(presence));
    const removed = hidden.map(({ user_id }) => user_id);
    for (const id of removed) this.#online.delete(id);
    return { changed: [], removed };
  }

  /** Forgets everyone. */
  clear(): PresenceChange {
    const removed = [...this.#online.keys()];
    this.#online.clear();
    this.#others.clear();
    return { changed: [], removed };
  }

  /** Puts a presence where it belongs, and leaves it to the caller to take it from `#online`. */
  #place(presence: Presence): boolean {
    const { user_id, status } = presence;
    this.#others.delete(user_id);
    if (status !== "offline" && this.#matches(presence)) {
      this.#online.set(user_id, presence);
      return true;
    }
    this.#others.set(user_id, presence);
    if (this.#others.size > OTHERS_LIMIT) {
      const [oldest] = this.#others.keys();
      if (oldest !== undefined) this.#others.delete(oldest);
    }
    return false;
  }
}
