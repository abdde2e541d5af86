/**
 * The numbered streams in the memory of one process: what development runs on, and what is left to a
 * node whose NATS has no JetStream.
 *
 * @module
 */
import { type Bus, BusError, type BusMessage, type BusSubscription } from "../bus/bus.ts";
import type { Subjects } from "../bus/subjects.ts";
import { addresseeOf, subjectOf } from "./addressing.ts";
import { dedupeKey, SeenKeys } from "./dedupe.ts";
import { encodeForStoring, MalformedEntryError } from "./entry_codec.ts";
import { type Addressee, decodeMessage } from "./feed_message.ts";
import { Followers } from "./followers.ts";
import { KeptEntries } from "./kept_entries.ts";
import { retentionMs, type StreamLimits } from "./limits.ts";
import { LocationFeed } from "./location_feed.ts";
import { Sequence } from "./sequence.ts";
import {
  type AnnouncementBody,
  type Appended,
  type EventBody,
  type EventEntry,
  type EventStream,
  type Following,
  type MalformedListener,
  type Replay,
  type StreamEntry,
  StreamError,
  type StreamFollower,
  type StreamStatus,
} from "./stream.ts";

/** What {@linkcode createMemoryStream} needs. */
export interface MemoryStreamOptions {
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly limits: StreamLimits;
  /**
   * Whether every node uses this very object. When each node of a bus has one of its own, they hear
   * of each other's entries but number them differently: only the node that held a session can
   * replay for it.
   */
  readonly shared: boolean;
  readonly onMalformed: MalformedListener;
  /**
   * Milliseconds since 1970.
   *
   * @default {Date.now}
   */
  readonly now?: () => number;
}

/** Limits of {@linkcode createMemoryStream} but for the window. */
export const MEMORY_LIMITS: Omit<StreamLimits, "windowMs"> = {
  maxBytes: 64 * 1024 * 1024,
  maxPerUser: 20_000,
};

/** A stream that begins empty and hears what anyone publishes on the bus's public subjects. */
export function createMemoryStream(options: MemoryStreamOptions): EventStream {
  return new MemoryStream(options);
}

/** Marks what a stream has stored itself before it published it. */
const ORIGIN = "Waygate-Stream";
/** As JetStream has it, so that services can rely on it with either. */
const MESSAGE_ID = "Nats-Msg-Id";

class MemoryStream implements EventStream {
  readonly shared: boolean;
  readonly status: StreamStatus = "ready";
  readonly #options: MemoryStreamOptions;
  readonly #now: () => number;
  readonly #origin = crypto.randomUUID();
  readonly #sequence: Sequence;
  readonly #kept: KeptEntries;
  readonly #seen: SeenKeys;
  readonly #users = new Map<string, Followers>();
  readonly #locations = new Map<string, LocationFeed>();
  readonly #subscriptions: readonly BusSubscription[];
  /** Entries on their way to followers: what a follower stores in turn waits for its own. */
  readonly #outgoing: { readonly to: Addressee; readonly entry: StreamEntry }[] = [];
  #delivering = false;
  #lastSeq: number;

  constructor(options: MemoryStreamOptions) {
    const { bus, subjects, limits, shared, now = Date.now } = options;
    this.shared = shared;
    this.#options = options;
    this.#now = now;
    this.#sequence = new Sequence(now());
    this.#lastSeq = this.#sequence.base;
    this.#kept = new KeptEntries(limits);
    this.#seen = new SeenKeys(retentionMs(limits));
    this.#subscriptions = [subjects.allUserEvents(), subjects.announce()]
      .map((pattern) => bus.subscribe(pattern, (message) => this.#take(message)));
  }

  onStatus(): () => void {
    return () => {};
  }

  append(userId: string, event: EventBody, dedupeId: string): Promise<Appended> {
    return this.#append({ user_id: userId }, event, dedupeId);
  }

  announce(announcement: AnnouncementBody): Promise<Appended> {
    return this.#append("everyone", announcement, announcement.announcement_id);
  }

  appendToLocation(location: string, event: EventBody, dedupeId: string): Promise<Appended> {
    return this.#append({ location }, event, dedupeId);
  }

  follow(userId: string, follower: StreamFollower): Following {
    let group = this.#users.get(userId);
    if (group === undefined) this.#users.set(userId, group = new Followers());
    const followers = group;
    const place = followers.add(follower);
    const seq = this.#lastSeq;
    followers.begin(place, seq);
    return {
      ready: Promise.resolve(seq),
      stop: () => {
        followers.remove(place);
        if (followers.size > 0 || this.#users.get(userId) !== followers) return;
        this.#users.delete(userId);
      },
    };
  }

  followLocation(location: string, onEntry: (entry: EventEntry) => void): () => void {
    let feed = this.#locations.get(location);
    if (feed === undefined) {
      const { bus, subjects } = this.#options;
      const subject = subjects.locationEvent(location);
      const subscription = bus.subscribe(subject, (message) => this.#take(message));
      feed = new LocationFeed(this.#lastSeq, () => subscription.unsubscribe());
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

  // deno-lint-ignore require-await -- a promise by contract
  async replay(userId: string, afterSeq: number): Promise<Replay> {
    const known = this.#sequence.countOf(afterSeq) !== undefined && afterSeq <= this.#lastSeq;
    if (!known) return { complete: false, entries: [] };
    return this.#kept.after(userId, afterSeq, this.#now());
  }

  // deno-lint-ignore require-await -- a promise by contract
  async close(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    for (const feed of this.#locations.values()) feed.unlisten();
    this.#locations.clear();
    this.#users.clear();
  }

  // deno-lint-ignore require-await -- a throw must become a rejection
  async #append(
    to: Addressee,
    body: EventBody | AnnouncementBody,
    dedupeId: string,
  ): Promise<Appended> {
    const { bus, subjects } = this.#options;
    const subject = subjectOf(subjects, to);
    const key = dedupeKey("from" in body ? body.from : null, subject, dedupeId);
    const known = this.#seen.find(key, this.#now());
    if (known !== undefined) return { seq: known, duplicate: true };
    const text = encodeForStoring(body);
    try {
      bus.publish(subject, text, { [ORIGIN]: this.#origin, [MESSAGE_ID]: key });
    } catch (error) {
      if (!(error instanceof BusError) || error.reason !== "too_large") throw error;
      throw new StreamError("too_large", error.message, { cause: error });
    }
    this.#store(to, toEntry(body, this.#lastSeq + 1), text.length, key);
    return { seq: this.#lastSeq, duplicate: false };
  }

  /** Takes what somebody else has published. */
  #take(message: BusMessage): void {
    const { subject, data, headers } = message;
    if (headers[ORIGIN] === this.#origin) return;
    const key = headers[MESSAGE_ID];
    const storedAtMs = this.#now();
    if (key !== undefined && this.#seen.find(key, storedAtMs) !== undefined) return;
    try {
      const to = addresseeOf(this.#options.subjects, subject);
      if (to === undefined) throw new MalformedEntryError("The subject names nobody");
      const seq = this.#lastSeq + 1;
      const entry = decodeMessage({ to, count: seq, subject, text: data, storedAtMs }, seq);
      this.#store(to, entry, data.length, key);
    } catch (error) {
      if (!(error instanceof MalformedEntryError)) throw error;
      this.#options.onMalformed(subject, error.message);
    }
  }

  /** @param size characters of the entry's JSON, near enough to bytes for a bound */
  #store(to: Addressee, entry: StreamEntry, size: number, key: string | undefined): void {
    const nowMs = this.#now();
    this.#lastSeq = entry.seq;
    if (key !== undefined) this.#seen.note(key, entry.seq, nowMs);
    // Events to a location are not replayed.
    if (to === "everyone") this.#kept.add(null, entry, size, nowMs);
    else if ("user_id" in to) this.#kept.add(to.user_id, entry, size, nowMs);
    this.#outgoing.push({ to, entry });
    if (!this.#delivering) this.#deliver();
  }

  #deliver(): void {
    this.#delivering = true;
    for (let next = this.#outgoing.shift(); next; next = this.#outgoing.shift()) {
      const { to, entry } = next;
      if (to === "everyone") {
        for (const followers of this.#users.values()) followers.deliver(entry);
      } else if ("user_id" in to) {
        this.#users.get(to.user_id)?.deliver(entry);
      } else if (entry.notification === "player.event") {
        this.#locations.get(to.location)?.event(entry.seq, entry);
      }
    }
    this.#delivering = false;
  }
}

function toEntry(body: EventBody | AnnouncementBody, seq: number): StreamEntry {
  return "announcement_id" in body
    ? { seq, notification: "system.announcement", params: body }
    : { seq, notification: "player.event", params: body };
}
