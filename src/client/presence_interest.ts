import type { PresenceInterestParams } from "../protocol/methods.ts";
import type { Presence } from "../protocol/presence.ts";

/** At most so many users or locations in one request, well below the server's limits. */
const CHUNK = 100;

/** What a presence view looks at; counted, so that two parts of a page may share one view. */
export class PresenceInterest {
  readonly #users = new Map<string, number>();
  readonly #locations = new Map<string, number>();
  #all = 0;
  #restricted = false;
  #allRefused = false;
  #revision = 0;

  /** Whether the view shows only what was asked for; before, whatever the server sends. */
  get restricted(): boolean {
    return this.#restricted;
  }

  /** See {@linkcode restricted}: something was asked for, and the server had nothing against it. */
  restrict(): void {
    this.#restricted = true;
  }

  /** Whether everyone was unsubscribed, which a server that subscribes by itself must be told. */
  get allRefused(): boolean {
    return this.#allRefused && this.#all === 0;
  }

  /** See {@linkcode allRefused}; until everyone is added again. */
  refuseAll(): void {
    this.#allRefused = true;
  }

  /** Another one after each change. */
  get revision(): number {
    return this.#revision;
  }

  /** Adds one count for each. */
  add({ users = [], locations = [], all = false }: PresenceInterestParams): void {
    this.#revision++;
    for (const user of users) this.#users.set(user, (this.#users.get(user) ?? 0) + 1);
    for (const place of locations) {
      this.#locations.set(place, (this.#locations.get(place) ?? 0) + 1);
    }
    if (all) this.#all++;
  }

  /** Takes one count of each. @returns what nobody wants any more */
  remove(
    { users = [], locations = [], all = false }: PresenceInterestParams,
  ): PresenceInterestParams {
    this.#revision++;
    const ended = all && --this.#all <= 0;
    if (ended) this.#all = 0;
    return {
      users: users.filter((user) => take(this.#users, user)),
      locations: locations.filter((location) => take(this.#locations, location)),
      all: ended,
    };
  }

  /** Whether a user was asked for by id. */
  names(userId: string): boolean {
    return this.#users.has(userId);
  }

  /** Whether the view shows a presence. */
  matches({ user_id, location }: Presence): boolean {
    return !this.#restricted || this.#all > 0 || this.#users.has(user_id) ||
      (location !== null && this.#locations.has(location));
  }

  /** Everything, in requests of a size that the server takes. */
  requests(): PresenceInterestParams[] {
    return chunks({
      users: [...this.#users.keys()],
      locations: [...this.#locations.keys()],
      all: this.#all > 0,
    });
  }
}

/** Params in requests of a size that the server takes; none when they ask for nothing. */
export function chunks(interest: PresenceInterestParams): PresenceInterestParams[] {
  const { users = [], locations = [], all = false } = interest;
  const requests: PresenceInterestParams[] = all ? [{ all }] : [];
  for (let from = 0; from < Math.max(users.length, locations.length); from += CHUNK) {
    const some = users.slice(from, from + CHUNK);
    const places = locations.slice(from, from + CHUNK);
    requests.push({
      ...(some.length > 0 ? { users: some } : {}),
      ...(places.length > 0 ? { locations: places } : {}),
    });
  }
  return requests;
}

/** Takes one count of a key. @returns whether that was the last */
function take(counts: Map<string, number>, key: string): boolean {
  const count = counts.get(key);
  if (count === undefined) return false;
  if (count > 1) counts.set(key, count - 1);
  else counts.delete(key);
  return count === 1;
}
