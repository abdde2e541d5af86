/**
 * The numbered streams in NATS JetStream: what one node stores, every node follows and replays, also
 * when the one that stored it, or held the client's socket, is gone.
 *
 * One stream holds the public subjects, so that its numbers give one order over all of them, and what
 * other services publish there is numbered as well. It republishes each stored message with its
 * number: followers get it by plain subscriptions, routed by interest.
 *
 * @module
 */
import type { Bus } from "../bus/bus.ts";
import { fromStored, subjectOf } from "./addressing.ts";
import { dedupeKey } from "./dedupe.ts";
import { encodeForStoring } from "./entry_codec.ts";
import type { Addressee } from "./feed_message.ts";
import { JetStreamLink, type NatsSource } from "./jetstream_link.ts";
import type { StreamPlan } from "./jetstream_setup.ts";
import { JetStreamTracker } from "./jetstream_tracker.ts";
import { droppedEarly, INCOMPLETE, MissedEntries } from "./missed_entries.ts";
import { Sequence } from "./sequence.ts";
import { SharedCall } from "./shared_call.ts";
import {
  type AnnouncementBody,
  type Appended,
  type EventBody,
  type EventEntry,
  type EventStream,
  type Following,
  type MalformedListener,
  type Replay,
  StreamError,
  type StreamFollower,
  type StreamStatus,
} from "./stream.ts";
import { WorkLimit } from "./work_limit.ts";

export type { Subjects } from "../bus/subjects.ts";
export { hasJetStream, type NatsSource } from "./jetstream_link.ts";
export { JETSTREAM_LIMITS, type StreamPlan } from "./jetstream_setup.ts";
export type { StreamLimits } from "./limits.ts";

/** What {@linkcode createJetStreamStream} needs. */
export interface JetStreamStreamOptions extends StreamPlan {
  /** The bus over NATS: its connection is used, and stays the caller's to close. */
  readonly bus: Bus & NatsSource;
  /** For logs: what others published in the wrong shape. */
  readonly onMalformed: MalformedListener;
}

/**
 * A stream that can be used at once: it connects, creates what it needs and recovers by itself, and is
 * `unavailable` meanwhile.
 */
export function createJetStreamStream(options: JetStreamStreamOptions): EventStream {
  return new JetStreamStream(options);
}

/** How long storing may take before the sender is told to try again, in milliseconds. */
const APPEND_LIMIT_MS = 2_000;
/** Pause before storing is tried once more within that time, in milliseconds. */
const APPEND_PAUSE_MS = 50;
/** Replays that are read at once; the others wait. */
const REPLAYS_AT_ONCE = 16;

class JetStreamStream implements EventStream {
  readonly shared = true;
  readonly #options: JetStreamStreamOptions;
  readonly #link: JetStreamLink;
  readonly #tracker: JetStreamTracker;
  readonly #replays = new WorkLimit(REPLAYS_AT_ONCE);
  readonly #lastAnnouncement: SharedCall<number>;

  constructor(options: JetStreamStreamOptions) {
    const { bus, subjects, onMalformed } = options;
    this.#options = options;
    this.#link = new JetStreamLink(bus, options);
    this.#tracker = new JetStreamTracker({ bus, subjects, link: this.#link, onMalformed });
    this.#lastAnnouncement = new SharedCall(() => this.#link.last(subjects.announce()));
  }

  get status(): StreamStatus {
    return this.#tracker.status;
  }

  onStatus(listener: (status: StreamStatus) => void): () => void {
    return this.#tracker.onStatus(listener);
  }

  append(userId: string, event: EventBody, dedupeId: string): Promise<Appended> {
    return this.#store({ user_id: userId }, event, event.from, dedupeId);
  }

  announce(announcement: AnnouncementBody): Promise<Appended> {
    return this.#store("everyone", announcement, null, announcement.announcement_id);
  }

  appendToLocation(location: string, event: EventBody, dedupeId: string): Promise<Appended> {
    return this.#store({ location }, event, event.from, dedupeId);
  }

  follow(userId: string, follower: StreamFollower): Following {
    return this.#tracker.follow(userId, follower);
  }

  followLocation(location: string, onEntry: (entry: EventEntry) => void): () => void {
    return this.#tracker.followLocation(location, onEntry);
  }

  replay(userId: string, afterSeq: number): Promise<Replay> {
    return this.#replays.run(() => this.#replay(userId, afterSeq));
  }

  // deno-lint-ignore require-await -- a promise by contract
  async close(): Promise<void> {
    this.#tracker.close();
  }

  async #replay(userId: string, afterSeq: number): Promise<Replay> {
    const { subjects, limits, onMalformed } = this.#options;
    const position = await this.#tracker.position();
    const sequence = new Sequence(position.createdAtMs);
    const after = sequence.countOf(afterSeq);
    if (after === undefined || after > position.last) return INCOMPLETE;
    if (droppedEarly(position, after, limits, Date.now())) return INCOMPLETE;
    const missed = new MissedEntries(
      position.maxPerSubject,
      (count) => sequence.seqOf(count),
      onMalformed,
    );
    // What is stored from here on is left to those who follow: else one subject's entries might be in
    // the replay and another's, which come before them, not.
    const readLane = async (to: Addressee, newest: Promise<number>) => {
      const until = Math.min(await newest, position.last);
      if (until <= after) return;
      const take = missed.lane(position.last);
      const range = {
        filter: subjectOf(subjects, to),
        after,
        until: () => missed.overflowed ? 0 : until,
      };
      await this.#link.read(range, (stored) => take(fromStored(stored, to)));
    };
    const user = { user_id: userId };
    await Promise.all([
      readLane(user, this.#link.last(subjectOf(subjects, user))),
      readLane("everyone", this.#lastAnnouncement.run()),
    ]);
    return missed.result();
  }

  async #store(
    to: Addressee,
    body: EventBody | AnnouncementBody,
    from: string | null,
    dedupeId: string,
  ): Promise<Appended> {
    const subject = subjectOf(this.#options.subjects, to);
    const id = dedupeKey(from, subject, dedupeId);
    const text = encodeForStoring(body);
    const deadline = performance.now() + APPEND_LIMIT_MS;
    while (true) {
      try {
        // The first time, and after a failure, this also makes the stream if it is not there.
        await this.#tracker.ready();
        const leftMs = Math.max(APPEND_PAUSE_MS, deadline - performance.now());
        const { count, duplicate } = await this.#link.publish(subject, text, id, leftMs);
        return { seq: this.#tracker.seqOf(count), duplicate };
      } catch (error) {
        const passing = error instanceof StreamError && error.retryable;
        if (!passing || performance.now() + APPEND_PAUSE_MS >= deadline) throw error;
        this.#tracker.doubt();
        await new Promise((resolve) => setTimeout(resolve, APPEND_PAUSE_MS));
      }
    }
  }
}
