import type { EventTarget } from "../protocol/methods.ts";
import { MalformedEntryError } from "./entry_codec.ts";
import { decodeMessage, type FeedMessage, type LiveMessage } from "./feed_message.ts";
import { LocationFeed } from "./location_feed.ts";
import { Sequence } from "./sequence.ts";
import type { EventEntry, MalformedListener, StreamEntry, StreamFollower } from "./stream.ts";
import { UserFeed } from "./user_feed.ts";

/** Begins to listen to what is stored for a user or a location; returns how to end that. */
export type Listen = (to: EventTarget) => () => void;

/** Who follows what on one node, and what each has got: hands a message on to those it is for. */
export class FeedFollowers {
  readonly #listen: Listen;
  readonly #onMalformed: MalformedListener;
  readonly #users = new Map<string, UserFeed>();
  readonly #locations = new Map<string, LocationFeed>();
  #sequence = new Sequence(0);
  #listening = true;
  /** Number of the newest announcement that was handed over, or is not owed. */
  #announced = 0;
  /** Greatest number handed to followers of a location. */
  #handedToLocations = 0;

  constructor(listen: Listen, onMalformed: MalformedListener) {
    this.#listen = listen;
    this.#onMalformed = onMalformed;
  }

  /** Whether nobody follows anything. */
  get idle(): boolean {
    return this.#users.size + this.#locations.size === 0;
  }

  /** The stream was made at this moment; what it numbers follows from that. */
  number(createdAtMs: number): void {
    this.#sequence = new Sequence(createdAtMs);
  }

  /** The `seq` of the message with this number. */
  seqOf(count: number): number {
    return this.#sequence.seqOf(count);
  }

  /**
   * Adds a follower of a user. It gets nothing until `begin`, and from then on what was stored after
   * `last`, the number that the stream had reached when it was asked after the adding; `begin` returns
   * its `seq`.
   */
  follow(
    userId: string,
    follower: StreamFollower,
  ): { begin(last: number): number; stop(): void } {
    let feed = this.#users.get(userId);
    if (feed === undefined) {
      feed = new UserFeed(this.#listenTo({ user_id: userId }));
      this.#users.set(userId, feed);
    }
    const group = feed;
    const place = group.followers.add(follower);
    return {
      begin: (last) => {
        const seq = this.seqOf(last);
        group.begin(place, last, seq);
        return seq;
      },
      stop: () => {
        group.followers.remove(place);
        if (group.followers.size > 0 || this.#users.get(userId) !== group) return;
        this.#users.delete(userId);
        group.unlisten();
      },
    };
  }

  /**
   * Adds a follower of a location.
   *
   * @param last events up to this number are not for it
   */
  followLocation(
    location: string,
    last: number,
    onEntry: (entry: EventEntry) => void,
  ): () => void {
    let feed = this.#locations.get(location);
    if (feed === undefined) {
      feed = new LocationFeed(last, this.#listenTo({ location }));
      this.#locations.set(location, feed);
    }
    const group = feed;
    const remove = group.add(onEntry);
    return () => {
      remove();
      if (group.size > 0 || this.#locations.get(location) !== group) return;
      this.#locations.delete(location);
      group.unlisten();
    };
  }

  /** Hands a message to those it is for, unless they have got it. */
  hand(message: FeedMessage): void {
    const { to, count } = message;
    if (to === "everyone") {
      if (count <= this.#announced) return;
      this.#announced = count;
      const entry = this.#decode(message);
      if (entry) this.#forUsers((feed) => feed.announcement(count, entry));
    } else if ("user_id" in to) {
      const feed = this.#users.get(to.user_id);
      if (feed?.wants(count)) feed.event(count, this.#decode(message), this.#handedToLocations);
    } else {
      const feed = this.#locations.get(to.location);
      if (!feed?.wants(count)) return;
      const entry = this.#decode(message);
      this.#handedToLocations = Math.max(this.#handedToLocations, count);
      if (entry?.notification === "player.event") feed.event(count, entry);
    }
  }

  /** Announcements up to this number are not owed. */
  announced(count: number): void {
    this.#announced = Math.max(this.#announced, count);
  }

  /** Whether a message to those whom this one is for has not arrived. */
  misses({ to, previous }: LiveMessage): boolean {
    if (to === "everyone") return previous > this.#announced;
    return "user_id" in to && (this.#users.get(to.user_id)?.misses(previous) ?? false);
  }

  /** Tells those whom this message is for that something before it will not come. */
  lostBefore({ to }: LiveMessage): void {
    if (to === "everyone") this.lost();
    else if ("user_id" in to) this.#users.get(to.user_id)?.followers.lost();
  }

  /** Tells every follower of a user that something will not come. */
  lost(): void {
    this.#forUsers((feed) => feed.followers.lost());
  }

  /** The stream was made anew, or has lost its end; it counts on from `last`. */
  rewind(last: number): void {
    this.#announced = Math.min(this.#announced, last);
    this.#handedToLocations = Math.min(this.#handedToLocations, last);
    this.#forUsers((feed) => feed.rewind(last));
    for (const feed of this.#locations.values()) feed.rewind(last);
  }

  /** Ends all listening, now and in future; followers stay. */
  unlisten(): void {
    this.#listening = false;
    this.#forUsers((feed) => feed.unlisten());
    for (const feed of this.#locations.values()) feed.unlisten();
  }

  /** Ends every interest. */
  clear(): void {
    this.unlisten();
    this.#users.clear();
    this.#locations.clear();
  }

  #listenTo(to: EventTarget): () => void {
    return this.#listening ? this.#listen(to) : () => {};
  }

  #decode(message: FeedMessage): StreamEntry | undefined {
    try {
      return decodeMessage(message, this.seqOf(message.count));
    } catch (error) {
      if (!(error instanceof MalformedEntryError)) throw error;
      this.#onMalformed(message.subject, error.message);
      return undefined;
    }
  }

  #forUsers(call: (feed: UserFeed) => void): void {
    for (const feed of this.#users.values()) call(feed);
  }
}
