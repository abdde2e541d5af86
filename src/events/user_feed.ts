import { Followers, type Place } from "./followers.ts";
import type { StreamEntry } from "./stream.ts";

/** What one user's followers on this node have got of the stream. */
export class UserFeed {
  readonly followers = new Followers();
  /** Ends the listening to the user's subject. */
  readonly unlisten: () => void;
  /** Number of the user's newest event that was handed over, or is not owed; undefined at first. */
  #count: number | undefined;
  /** Greatest number handed over, announcements among them. */
  #handed = 0;
  #begun = false;

  constructor(unlisten: () => void) {
    this.unlisten = unlisten;
  }

  /** Whether an event of the user's is missing, if `previous` was the one before the newest. */
  misses(previous: number): boolean {
    return this.#begun && previous > (this.#count ?? 0);
  }

  /** Starts a follower behind the message with this number, which has this `seq`. */
  begin(place: Place, count: number, seq: number): void {
    // Later on, what is on its way to those who began before must not pass for handed over.
    if (!this.#begun) this.#count = Math.max(this.#count ?? 0, count);
    this.#begun = true;
    this.followers.begin(place, seq);
  }

  /** Whether the user's event with this number has yet to be handed over. */
  wants(count: number): boolean {
    return count > (this.#count ?? 0);
  }

  /** Notes the user's newest event; `entry` is undefined when it cannot be read. */
  event(count: number, entry: StreamEntry | undefined, handedElsewhere: number): void {
    this.#count = count;
    // What comes too late to be in order cannot be handed over: to a client it would be a repetition.
    if (count < Math.max(this.#handed, handedElsewhere)) this.followers.lost();
    else if (entry !== undefined) this.#hand(count, entry);
  }

  announcement(count: number, entry: StreamEntry): void {
    if (count < this.#handed) this.followers.lost();
    else this.#hand(count, entry);
  }

  /** The stream has gone back to `count`; what came after it will be numbered again. */
  rewind(count: number): void {
    if (this.#count !== undefined) this.#count = Math.min(this.#count, count);
    this.#handed = Math.min(this.#handed, count);
    this.followers.lost();
  }

  #hand(count: number, entry: StreamEntry): void {
    this.#handed = count;
    this.followers.deliver(entry);
  }
}
