/**
 * The numbered stream: every user's events and the announcements to all, in one order, kept for the
 * resume window, so that a client that comes back on any node gets what it missed, each once.
 *
 * One contract, two implementations beside it: `stream_memory.ts` (one process) and
 * `stream_jetstream.ts` (NATS JetStream). `tests/conformance/stream.ts` holds both to it.
 *
 * Events to a location are numbered in the same order, so that a client sees one growing `seq`, but
 * they are not replayed: they reach whoever is there.
 *
 * @module
 */
import type { Announcement, PlayerEvent } from "../protocol/notifications.ts";

/** Params of `player.event` before the stream has numbered them. */
export type EventBody = Omit<PlayerEvent, "seq">;

/** Params of `system.announcement` before the stream has numbered them. */
export type AnnouncementBody = Omit<Announcement, "seq">;

/** What every entry has. */
export interface Numbered {
  /**
   * Grows over everything that is stored, by any node, also when the storage was lost and made
   * anew; a safe integer, with gaps.
   */
  readonly seq: number;
}

/** A user's event in the stream. */
export interface EventEntry extends Numbered {
  /** By this it is told from an announcement. */
  readonly notification: "player.event";
  /** What the client gets, once `seq` is added. */
  readonly params: EventBody;
}

/** An announcement in the stream; every follower is handed the same object, to be encoded once. */
export interface AnnouncementEntry extends Numbered {
  /** By this it is told from an event. */
  readonly notification: "system.announcement";
  /** What the client gets, once `seq` is added. */
  readonly params: AnnouncementBody;
}

/** One message of a user's stream, valid as the wire contract has it but for `seq`. */
export type StreamEntry = EventEntry | AnnouncementEntry;

/** What became of an append. */
export interface Appended {
  /** Of this entry, or of the first one with the same id. */
  readonly seq: number;
  /** True: an entry with this id was stored before, and this one was not. */
  readonly duplicate: boolean;
}

/** Takes a user's live entries. What the two throw is logged, never fatal. */
export interface StreamFollower {
  /** Called for each entry, in the order of `seq`, each once. */
  onEntry(entry: StreamEntry): void;
  /**
   * Called when entries were dropped from storage before they reached this follower, after a long
   * cut, say. What follows is live again; the client needs a fresh snapshot.
   */
  onLost(): void;
}

/** An interest in one user's stream. */
export interface Following {
  /**
   * Resolves once every entry that is stored from now on will reach the follower, with the greatest
   * `seq` stored up to now, by anyone and for anyone. Stays pending while the storage is away, and
   * resolves with 0 when the interest is ended before; it never rejects.
   */
  readonly ready: Promise<number>;
  /** Ends the interest at once. Ending it twice is harmless. */
  stop(): void;
}

/** What was stored after a client's last entry. */
export interface Replay {
  /** False: something younger than the window is no longer kept; `entries` is then empty. */
  readonly complete: boolean;
  /** In the order of `seq`, each once. */
  readonly entries: readonly StreamEntry[];
}

/** Whether the stream can store and replay at this moment. */
export type StreamStatus = "ready" | "unavailable";

/**
 * Why a stream call failed: `unavailable` the storage cannot be reached or did not answer in time,
 * `disabled` the NATS server runs without JetStream, `refused` it will not have a stream as we need
 * it or has no room for it, `too_large` the entry is over what it carries.
 */
export type StreamErrorReason = "unavailable" | "disabled" | "refused" | "too_large";

/** A failed stream call; `reason` says which way. */
export class StreamError extends Error {
  /** Tells it from other errors where `instanceof` cannot, as between two bundles. */
  override readonly name = "StreamError";
  /** Decide by it: `message` may change. */
  readonly reason: StreamErrorReason;

  /** A failure with words for the log, and the `cause` beneath. */
  constructor(reason: StreamErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }

  /** Whether the same call, with the same id, may succeed later. */
  get retryable(): boolean {
    return this.reason === "unavailable";
  }
}

/** Called for each message on a public subject that is not as the contract has it; it was dropped. */
export type MalformedListener = (subject: string, reason: string) => void;

/** Stores, follows and replays users' events and announcements. */
export interface EventStream {
  /** True: what one node stores, every node follows and replays. False: only this process does. */
  readonly shared: boolean;

  /** The in-memory stream is always `ready`. */
  readonly status: StreamStatus;

  /** Calls `listener` at each change of {@linkcode status}; returns how to stop it. */
  onStatus(listener: (status: StreamStatus) => void): () => void;

  /**
   * Stores an event for one user and resolves once it is safe. When it rejects the event may have
   * been stored nevertheless: ask again with the same `dedupeId`.
   *
   * @param dedupeId the same id from the same `event.from` to the same user within the window is
   *   stored once; any text
   * @throws {StreamError}
   */
  append(userId: string, event: EventBody, dedupeId: string): Promise<Appended>;

  /**
   * Stores an announcement for everyone, once per `announcement_id`.
   *
   * @throws {StreamError}
   */
  announce(announcement: AnnouncementBody): Promise<Appended>;

  /**
   * Stores an event for whoever is at a location and resolves once it is safe and numbered.
   *
   * @param dedupeId the same id from the same `event.from` to the same location within the window is
   *   stored once; any text
   * @throws {StreamError}
   */
  appendToLocation(location: string, event: EventBody, dedupeId: string): Promise<Appended>;

  /**
   * Hands over the events to a location from now on, in the order of `seq`, each once, the same
   * object to every follower. What is sent during a cut is lost: nothing is made up for.
   *
   * @returns how to stop; stopping twice is harmless
   */
  followLocation(location: string, onEntry: (entry: EventEntry) => void): () => void;

  /**
   * Hands over the user's entries, announcements among them, from now on. Many may follow one user:
   * they share one subscription. It outlives cuts: what was stored meanwhile is made up for.
   */
  follow(userId: string, follower: StreamFollower): Following;

  /**
   * Reads what was stored for the user after `afterSeq`, announcements among it.
   *
   * No gap at the seam: after a {@linkcode Following.ready}, an entry is in the replay, or reaches the
   * follower after replay was called, or both; compare `seq`.
   *
   * @param afterSeq a `seq` of this stream within the window, or what {@linkcode Following.ready} gave
   * @throws {StreamError}
   */
  replay(userId: string, afterSeq: number): Promise<Replay>;

  /** Ends every interest; the connection below is its owner's to close. */
  close(): Promise<void>;
}
