import type { Bus } from "../bus/bus.ts";
import type { Subjects } from "../bus/subjects.ts";
import { addresseeOf, fromStored, subjectOf } from "./addressing.ts";
import type { Addressee, FeedMessage } from "./feed_message.ts";
import { guarded } from "./followers.ts";
import type { JetStreamLink } from "./jetstream_link.ts";
import { LiveFeed } from "./live_feed.ts";
import { fromRepublished } from "./republished.ts";
import { SharedCall } from "./shared_call.ts";
import type { Stored } from "./stored_reader.ts";
import {
  type EventEntry,
  type Following,
  type MalformedListener,
  StreamError,
  type StreamFollower,
  type StreamStatus,
} from "./stream.ts";
import type { StreamPosition } from "./stream_position.ts";

/** How often the stream is asked where it stands, in milliseconds. */
const CHECK_INTERVAL_MS = 2_000;
/** The same while it does not answer. */
const RETRY_INTERVAL_MS = 250;

/** What a tracker needs. */
export interface TrackerContext {
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly link: JetStreamLink;
  readonly onMalformed: MalformedListener;
}

/** A follower that waits for where to begin. */
interface Beginning {
  begin(last: number): void;
  giveUp(): void;
}

/** Keeps one node's followers up with the stream: listens, asks, catches up after cuts. */
export class JetStreamTracker {
  readonly #context: TrackerContext;
  readonly #feed: LiveFeed;
  readonly #refresh = new SharedCall(() => this.#askPosition());
  readonly #listeners = new Set<{ readonly call: (status: StreamStatus) => void }>();
  readonly #stopListening: readonly (() => void)[];
  #status: StreamStatus = "unavailable";
  /** Followers that begin with the next word on where the stream stands. */
  readonly #beginning = new Set<Beginning>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #checking = false;
  /** How often the link was lost. */
  #cuts = 0;
  #known = false;
  #closed = false;

  constructor(context: TrackerContext) {
    this.#context = context;
    this.#feed = new LiveFeed({
      listen: (to) => this.#listen(to),
      read: (range, take) => this.#read(range, take),
      onBehind: () => this.#checkIn(0),
      onMalformed: context.onMalformed,
    });
    this.#stopListening = [
      this.#listen("everyone"),
      context.bus.onStatus((status) => {
        if (status === "disconnected") this.#cut();
        this.#checkIn(0);
      }),
    ];
    this.#checkIn(0);
  }

  get status(): StreamStatus {
    return this.#status;
  }

  /** See {@linkcode EventStream.onStatus}. */
  onStatus(call: (status: StreamStatus) => void): () => void {
    const listener = { call };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Where the stream stands, asked of its leader after this call; makes the stream if need be.
   *
   * @throws {StreamError}
   */
  position(): Promise<StreamPosition> {
    return this.#refresh.run();
  }

  /**
   * Resolves when the stream is known to be there.
   *
   * @throws {StreamError}
   */
  async ready(): Promise<void> {
    if (!this.#known) await this.position();
  }

  /** The stream may not be there any more: the next {@linkcode ready} asks. */
  doubt(): void {
    this.#known = false;
  }

  /** The `seq` of a number of the stream's, once it is {@linkcode ready}. */
  seqOf(count: number): number {
    return this.#feed.seqOf(count);
  }

  /** See {@linkcode EventStream.follow}. */
  follow(userId: string, follower: StreamFollower): Following {
    const place = this.#feed.follow(userId, follower);
    const { promise: ready, resolve } = Promise.withResolvers<number>();
    const beginning: Beginning = {
      begin: (last) => resolve(place.begin(last)),
      giveUp: () => resolve(0),
    };
    this.#beginning.add(beginning);
    // While this fails the regular check goes on asking.
    this.position().catch(() => {});
    return {
      ready,
      stop: () => {
        this.#beginning.delete(beginning);
        place.stop();
        beginning.giveUp();
      },
    };
  }

  /** See {@linkcode EventStream.followLocation}. */
  followLocation(location: string, onEntry: (entry: EventEntry) => void): () => void {
    return this.#feed.followLocation(location, onEntry);
  }

  /** Ends every interest. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const stop of this.#stopListening) stop();
    this.#feed.close();
    for (const follower of this.#beginning) follower.giveUp();
    this.#beginning.clear();
    this.#listeners.clear();
  }

  async #askPosition(): Promise<StreamPosition> {
    const beginning = [...this.#beginning];
    const cuts = this.#cuts;
    const position = await this.#context.link.position();
    // What is stored from then until the link is back is not in it, and does not come live either.
    if (cuts !== this.#cuts) throw new StreamError("unavailable", "NATS was lost meanwhile");
    this.#feed.observe(position, Date.now());
    for (const follower of beginning) {
      if (this.#beginning.delete(follower)) follower.begin(position.last);
    }
    this.#known = true;
    if (!this.#feed.synced && !this.#checking) this.#checkIn(0);
    return position;
  }

  #cut(): void {
    this.#cuts++;
    this.#feed.cut(Date.now());
    this.#setStatus("unavailable");
  }

  #checkIn(delayMs: number): void {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => this.#check(), delayMs);
  }

  async #check(): Promise<void> {
    if (this.#checking) return this.#checkIn(RETRY_INTERVAL_MS);
    this.#checking = true;
    try {
      await this.position();
      await this.#feed.catchUp();
    } catch {
      this.#setStatus("unavailable");
    }
    this.#checking = false;
    if (this.#feed.synced) this.#setStatus("ready");
    this.#checkIn(this.#feed.synced ? CHECK_INTERVAL_MS : RETRY_INTERVAL_MS);
  }

  #setStatus(status: StreamStatus): void {
    if (status === this.#status || this.#closed) return;
    this.#status = status;
    for (const { call } of [...this.#listeners]) guarded(() => call(status));
  }

  #listen(to: Addressee): () => void {
    const { bus, subjects } = this.#context;
    const subject = subjectOf(subjects, to);
    const subscription = bus.subscribe(subjects.live(subject), (message) => {
      const live = fromRepublished(message, subjects, to, Date.now());
      if (live !== undefined) this.#feed.take(live);
    });
    return () => subscription.unsubscribe();
  }

  async #read(
    range: { after: number; until: () => number; signal: AbortSignal },
    take: (message: FeedMessage) => void,
  ): Promise<void> {
    const { link, subjects, onMalformed } = this.#context;
    await link.read({ filter: ">", ...range }, (stored: Stored) => {
      const to = addresseeOf(subjects, stored.subject);
      if (to === undefined) onMalformed(stored.subject, "The subject names nobody");
      else take(fromStored(stored, to));
    });
  }
}
