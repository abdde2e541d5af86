import { guarded } from "./followers.ts";
import type { EventEntry } from "./stream.ts";

/** What the followers of one location on this node have got. */
export class LocationFeed {
  /** Ends the listening to the location's subject. */
  readonly unlisten: () => void;
  readonly #listeners = new Set<{ readonly onEntry: (entry: EventEntry) => void }>();
  #count: number;

  /** @param count events up to this number are not owed */
  constructor(count: number, unlisten: () => void) {
    this.#count = count;
    this.unlisten = unlisten;
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** Adds a listener; returns how to remove it. */
  add(onEntry: (entry: EventEntry) => void): () => void {
    const listener = { onEntry };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Whether the event with this number has yet to be handed over. */
  wants(count: number): boolean {
    return count > this.#count;
  }

  event(count: number, entry: EventEntry): void {
    this.#count = count;
    for (const { onEntry } of this.#listeners) guarded(() => onEntry(entry));
  }

  /** The stream has gone back to `count`. */
  rewind(count: number): void {
    this.#count = Math.min(this.#count, count);
  }
}
