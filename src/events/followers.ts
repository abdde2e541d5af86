import { getLogger } from "@logtape/logtape";
import type { StreamEntry, StreamFollower } from "./stream.ts";

const log = getLogger(["waygate", "events"]);

/** One follower's place in a user's stream. */
export interface Place {
  readonly follower: StreamFollower;
  /** Entries up to this `seq` are not for it; undefined until that is known. */
  fromSeq: number | undefined;
  /** What came before it was known. */
  early: StreamEntry[];
}

/** Those who follow one user's stream: each gets what is stored after its own beginning. */
export class Followers {
  readonly #places = new Set<Place>();

  get size(): number {
    return this.#places.size;
  }

  /** Adds a follower; nothing reaches it before {@linkcode begin}. */
  add(follower: StreamFollower): Place {
    const place: Place = { follower, fromSeq: undefined, early: [] };
    this.#places.add(place);
    return place;
  }

  remove(place: Place): void {
    this.#places.delete(place);
  }

  /** From now on the follower gets what is after `seq`, first what came since it was added. */
  begin(place: Place, seq: number): void {
    place.fromSeq = seq;
    const { early } = place;
    place.early = [];
    for (const entry of early) this.#hand(place, entry);
  }

  /** Hands an entry to each of them; entries must come in the order of `seq`. */
  deliver(entry: StreamEntry): void {
    for (const place of this.#places) this.#hand(place, entry);
  }

  /** Tells each one that has begun that something will never come. */
  lost(): void {
    for (const { fromSeq, follower } of this.#places) {
      if (fromSeq !== undefined) guarded(() => follower.onLost());
    }
  }

  #hand(place: Place, entry: StreamEntry): void {
    if (place.fromSeq === undefined) {
      place.early.push(entry);
    } else if (entry.seq > place.fromSeq && this.#places.has(place)) {
      guarded(() => place.follower.onEntry(entry));
    }
  }
}

/** Calls a follower, which cannot break the stream or its neighbours: what it throws is logged. */
export function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    log.error("A follower of a stream failed: {error}", { error });
  }
}
