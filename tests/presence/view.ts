/**
 * What a client makes of what it is sent.
 *
 * @module
 */
import type { Interest, Watcher } from "../../src/presence/audiences.ts";
import type { Presence } from "../../src/protocol/presence.ts";

/** A client that watches: of each user it keeps the newest version, as the contract tells it to. */
export class View implements Watcher {
  readonly interest: Interest;
  isLagging = false;
  readonly #presences = new Map<string, Presence>();
  /** What each version of each user was shown as, to whomever. */
  readonly #contents: Map<string, string>;
  readonly #failures: string[];

  /** @param failures told of a version that is shown in two ways */
  constructor(interest: Interest, contents: Map<string, string>, failures: string[]) {
    this.interest = interest;
    this.#contents = contents;
    this.#failures = failures;
  }

  send(message: string): void {
    this.apply(JSON.parse(message).params.presences);
  }

  apply(presences: readonly Presence[]): void {
    for (const presence of presences) {
      const { user_id: userId, version } = presence;
      if (version === 0) continue;
      this.#agree(presence);
      const known = this.#presences.get(userId);
      if (known === undefined || known.version < version) this.#presences.set(userId, presence);
    }
  }

  /** The users it looks at who are online, as it sees them. */
  get online(): Map<string, Presence> {
    const { all, users = [], locations = [] } = this.interest;
    const isSeen = ({ user_id, location, status }: Presence) =>
      status !== "offline" &&
      (all || users.includes(user_id) || (location !== null && locations.includes(location)));
    return new Map([...this.#presences].filter(([, presence]) => isSeen(presence)));
  }

  #agree(presence: Presence): void {
    const key = `${presence.user_id} ${presence.version}`;
    const content = JSON.stringify(presence, Object.keys(presence).toSorted());
    const known = this.#contents.get(key) ?? content;
    if (known !== content) this.#failures.push(`One version, two contents: ${known} ${content}`);
    this.#contents.set(key, content);
  }
}
