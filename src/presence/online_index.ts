/**
 * Who is online, and where, in order: what the memory store lists from.
 *
 * @module
 */
import { SortedIds } from "./sorted_ids.ts";

/** Online users by id, and by the location shown. */
export class OnlineIndex {
  readonly #locations = new Map<string, string | null>();
  readonly #users = new SortedIds();
  readonly #usersByLocation = new Map<string, SortedIds>();

  /** The user is online, shown at `location`. */
  set(userId: string, location: string | null): void {
    const before = this.#locations.get(userId);
    if (before === location) return;
    if (before === undefined) this.#users.add(userId);
    else this.#leave(userId, before);
    this.#locations.set(userId, location);
    if (location === null) return;
    const there = this.#usersByLocation.get(location) ?? new SortedIds();
    there.add(userId);
    this.#usersByLocation.set(location, there);
  }

  /** The user is offline. */
  delete(userId: string): void {
    const before = this.#locations.get(userId);
    if (before === undefined) return;
    this.#locations.delete(userId);
    this.#users.delete(userId);
    this.#leave(userId, before);
  }

  /** How many users are online, all or at one location. */
  count(location: string | undefined): number {
    return this.#ids(location)?.size ?? 0;
  }

  /** The first `limit` users behind `after`, all or of one location. */
  page(location: string | undefined, after: string | undefined, limit: number): string[] {
    return this.#ids(location)?.page(after, limit) ?? [];
  }

  #ids(location: string | undefined): SortedIds | undefined {
    return location === undefined ? this.#users : this.#usersByLocation.get(location);
  }

  #leave(userId: string, location: string | null): void {
    if (location === null) return;
    const there = this.#usersByLocation.get(location);
    there?.delete(userId);
    if (there?.size === 0) this.#usersByLocation.delete(location);
  }
}
