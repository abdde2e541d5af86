import { FeedFollowers, type Listen } from "./feed_followers.ts";
import type { FeedMessage, LiveMessage } from "./feed_message.ts";
import type { EventEntry, MalformedListener, StreamFollower } from "./stream.ts";
import { Floor, type StreamPosition } from "./stream_position.ts";

/** What to read of the stream. */
export interface FeedRange {
  /** Starts behind this number. */
  readonly after: number;
  /** Reads on until a message with this number or a later one was taken; it may move. */
  until(): number;
  /** Ends the reading at once, which then rejects. */
  readonly signal: AbortSignal;
}

/** What the feed needs from the stream. */
export interface FeedSource {
  readonly listen: Listen;
  /** Reads all of a range, in order. */
  read(range: FeedRange, take: (message: FeedMessage) => void): Promise<void>;
  /** Called when it has become necessary to {@linkcode LiveFeed.catchUp}. */
  onBehind(): void;
  readonly onMalformed: MalformedListener;
}

/**
 * One node's view of what is stored, handed to its followers in the order of the stream.
 *
 * Live messages come in order while the link holds. After a cut, or when one is found missing, they
 * are only taken as a hint of how far the stream is, and the stream itself is read until there:
 * nothing has to be put aside, and the order needs no sorting. From a server that does not send
 * messages on in the order in which it stored them, everything is read, all the time.
 */
export class LiveFeed {
  readonly #source: FeedSource;
  readonly #followers: FeedFollowers;
  readonly #floor = new Floor();
  #position: StreamPosition | undefined;
  /** Whether the position was observed after the link had last been lost. */
  #isPlaced = false;
  #synced = false;
  /** The reading that is under way. */
  #reading: AbortController | undefined;
  /** Whether the reading never ends, and live messages are not listened to. */
  #readsOn = false;
  /** Greatest number heard of while not synced. */
  #hint = 0;
  /** Number of the newest live message. */
  #newest = 0;
  /** Whether a live message came after a later one: of the same stream, or of one made anew. */
  #isMisordered = false;

  constructor(source: FeedSource) {
    this.#source = source;
    this.#followers = new FeedFollowers(source.listen, source.onMalformed);
  }

  /** Whether nothing has to be caught up with. */
  get synced(): boolean {
    return this.#synced;
  }

  /** The `seq` of the message with this number; right once the stream's position was observed. */
  seqOf(count: number): number {
    return this.#followers.seqOf(count);
  }

  /** See {@linkcode FeedFollowers.follow}. */
  follow(
    userId: string,
    follower: StreamFollower,
  ): { begin(last: number): number; stop(): void } {
    return this.#followers.follow(userId, follower);
  }

  /** See {@linkcode EventStream.followLocation}. */
  followLocation(location: string, onEntry: (entry: EventEntry) => void): () => void {
    const last = Math.max(this.#position?.last ?? 0, this.#hint);
    return this.#followers.followLocation(location, last, onEntry);
  }

  /** The link was lost: from now on messages may be missed. */
  cut(nowMs: number): void {
    this.#isPlaced = false;
    this.#floor.cut(nowMs);
    this.#unsync();
  }

  /** Takes in the leader's word on where the stream stands; unless it is `synced` then, catch up. */
  observe(position: StreamPosition, nowMs: number): void {
    const before = this.#position;
    const isNew = before?.createdAtMs !== position.createdAtMs;
    this.#position = position;
    this.#isPlaced = true;
    if (!position.republishesInOrder || (this.#isMisordered && !isNew)) this.#readOn();
    this.#isMisordered = false;
    if (isNew) this.#followers.number(position.createdAtMs);
    if (before === undefined) {
      this.#followers.announced(position.last);
      this.#floor.restart(position.last);
    } else if (isNew) {
      this.#rewind(0);
    } else if (position.last < before.last) {
      this.#rewind(position.last);
    } else if (before.leader !== position.leader) {
      // The old leader may have stored what it could no longer send on.
      this.#unsync();
    } else if (this.#synced && !this.#readsOn) {
      this.#floor.observe(position.last, nowMs);
    }
  }

  /**
   * Reads what live messages did not bring. When it rejects, or is not `synced` then, {@linkcode observe}
   * and try again.
   */
  async catchUp(): Promise<void> {
    const position = this.#position;
    if (this.#synced || this.#reading || !this.#isPlaced || position === undefined) return;
    if (this.#floor.lost(position)) this.#followers.lost();
    const empty = position.first > position.last;
    const goal = () => Math.max(empty ? 0 : position.last, this.#hint);
    if (this.#followers.idle || goal() <= this.#floor.count) {
      this.#arrive(Math.max(position.last, this.#hint));
    }
    if (!this.#synced || this.#readsOn) await this.#read(goal);
  }

  /** Takes a message that has just been stored. */
  take(message: LiveMessage): void {
    if (this.#readsOn) return;
    if (!this.#synced) {
      this.#hint = Math.max(this.#hint, message.count);
    } else if (message.count < this.#newest) {
      // Before this one came a later one, unless that was of a stream which is there no more.
      this.#unsync();
      this.#isMisordered = true;
      this.#source.onBehind();
    } else if (!this.#followers.misses(message)) {
      this.#newest = message.count;
      this.#followers.hand(message);
    } else if (message.previous > this.#floor.count) {
      // It is read once more, after those that are missing.
      this.#unsync();
      this.#hint = message.count;
      this.#source.onBehind();
    } else {
      this.#followers.lostBefore(message);
      this.#followers.hand(message);
    }
  }

  /** Ends every interest. */
  close(): void {
    this.#unsync();
    this.#followers.clear();
  }

  /** Resolves when the goal is reached; the reading may go on. */
  #read(goal: () => number): Promise<void> {
    const reading = new AbortController();
    this.#reading = reading;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (this.#synced) resolve();
    const arrive = (count: number) => {
      if (!this.#synced && !reading.signal.aborted) this.#arrive(count);
      resolve();
    };
    const range: FeedRange = {
      after: this.#floor.count,
      until: () => this.#readsOn ? Infinity : goal(),
      signal: reading.signal,
    };
    this.#source.read(range, (message) => {
      if (reading.signal.aborted) return;
      this.#followers.hand(message);
      this.#floor.restart(message.count);
      if (message.count >= goal()) arrive(message.count);
    }).then(() => arrive(goal()), reject).finally(() => this.#ended(reading));
    return promise;
  }

  #ended(reading: AbortController): void {
    if (this.#reading !== reading) return;
    this.#reading = undefined;
    if (!this.#readsOn) return;
    this.#unsync();
    this.#source.onBehind();
  }

  /** Nothing up to `count` is owed any more. */
  #arrive(count: number): void {
    this.#followers.announced(count);
    this.#newest = 0;
    this.#floor.restart(count);
    this.#synced = true;
  }

  #unsync(): void {
    this.#synced = false;
    this.#hint = 0;
    this.#reading?.abort();
    this.#reading = undefined;
  }

  /** The server's live messages cannot be relied on. */
  #readOn(): void {
    if (this.#readsOn) return;
    this.#readsOn = true;
    this.#unsync();
    this.#followers.unlisten();
  }

  /** The stream was made anew, or has lost its end; it counts on from `last`. */
  #rewind(last: number): void {
    this.#unsync();
    this.#floor.restart(last);
    this.#followers.rewind(last);
  }
}
