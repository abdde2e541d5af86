/**
 * Where presence is kept, shared by all nodes.
 *
 * One contract, two implementations beside it: `store_memory.ts` and `store_redis.ts`.
 * `tests/conformance/store.ts` holds every implementation to it.
 *
 * @module
 */
import type { Presence } from "../protocol/presence.ts";
import type { SessionState } from "./state.ts";

/**
 * One run of one node: `<node id>:<incarnation>`. A node that restarts, or that finds itself
 * declared dead, goes on under a new incarnation and is never mistaken for its past.
 */
export type Instance = string;

/** A session appears, or says something new of itself. Putting the same state twice is harmless. */
export interface PutChange {
  /** By this the kinds of change are told apart. */
  readonly op: "put";
  /** Whose session it is: the `sub` of the token. */
  readonly user_id: string;
  /** `session.instance` must be the instance given to {@linkcode PresenceStore.apply}. */
  readonly session: SessionState;
  /** The caller's wall clock, in ms. */
  readonly now_ms: number;
  /** Newest version of the user that the caller heard of: the change's is newer, whatever is stored. */
  readonly known_version?: number;
  /** How long the session can live at most (its token's life and a margin), in ms. */
  readonly ttl_ms: number;
}

/** A session ends. Nothing happens unless it is there and still belongs to `instance`. */
export interface LeaveChange {
  /** By this the kinds of change are told apart. */
  readonly op: "leave";
  /** Whose session it is: the `sub` of the token. */
  readonly user_id: string;
  /** The session that ends. */
  readonly session_id: string;
  /** Who says so: another's session is left alone. */
  readonly instance: Instance;
  /** The caller's wall clock, in ms. */
  readonly now_ms: number;
  /** Newest version of the user that the caller heard of: the change's is newer, whatever is stored. */
  readonly known_version?: number;
}

/**
 * A new session takes the place of an earlier one of the same user, live or ended, in one step that
 * nobody sees as going offline: the earlier one is gone and forgotten (not even `ended` remembers it,
 * so only the first to resume it wins), and the new one, put as by {@linkcode PutChange}, goes on with
 * the earlier one's status, location and `updated_at_ms`, unless it has already said something of
 * itself. When the earlier session is unknown, nothing happens and the outcome's `changed` is false;
 * should that be because this change was made before, unseen, the new session's `resumed_from` says so.
 */
export interface ResumeChange {
  /** By this the kinds of change are told apart. */
  readonly op: "resume";
  /** Whose sessions both are. */
  readonly user_id: string;
  /** The earlier session. */
  readonly from_session_id: string;
  /** The new session. */
  readonly session: SessionState;
  /** The caller's wall clock, in ms. */
  readonly now_ms: number;
  /** Newest version of the user that the caller heard of: the change's is newer, whatever is stored. */
  readonly known_version?: number;
  /** How long the new session can live at most, in ms. */
  readonly ttl_ms: number;
}

/** One session's change. */
export type Change = PutChange | LeaveChange | ResumeChange;

/** What a change made of its user. */
export interface Outcome {
  /** The merged presence after the change. */
  readonly presence: Presence;
  /** The location that was shown before; null also when the user was offline. */
  readonly previous_location: string | null;
  /** False when there was nothing to do; then there is nothing to announce. */
  readonly changed: boolean;
  /** The user's sessions as recorded after the change, in no order. */
  readonly sessions: readonly SessionState[];
  /** Whether another session of the user is there, or ended within the resume window. */
  readonly can_resume: boolean;
}

/** What a read found. */
export interface Snapshot {
  /** Sessions of instances without a lease count as gone. */
  readonly presences: readonly Presence[];
  /** Instances whose lease is gone but whose sessions are still recorded: reap them. */
  readonly lapsed: readonly Instance[];
}

/** Which online users to list. */
export interface ListQuery {
  /** Only users who are shown there; everywhere when absent. */
  readonly location?: string;
  /** As the page before gave it; anything else is refused with {@linkcode InvalidCursorError}. */
  readonly cursor?: string;
  /** At most so many. */
  readonly limit: number;
}

/** A page of online users, ordered by user id (UTF-8 bytes). */
export interface Page extends Snapshot {
  /** Ask for the next page with it; null at the end. */
  readonly cursor: string | null;
  /** All online users that match, on every page. */
  readonly total: number;
}

/** What became of a lease, and who has lost theirs. */
export interface LeaseReport {
  /** False: the lease is gone, and with it the instance's sessions. Go on as a new instance. */
  readonly held: boolean;
  /** Instances whose lease is gone but whose sessions are still recorded. */
  readonly lapsed: readonly Instance[];
  /** The other instances that hold a lease. */
  readonly others: readonly Instance[];
}

/** The store cannot be reached, or did not answer in time. What was asked may have happened or not. */
export class StoreUnavailableError extends Error {
  /** Tells it from other errors where `instanceof` cannot, as between two bundles. */
  override readonly name = "StoreUnavailableError";
}

/** The instance's lease is gone; nothing was written. */
export class LeaseLostError extends Error {
  /** Tells it from other errors where `instanceof` cannot, as between two bundles. */
  override readonly name = "LeaseLostError";
}

/** A list cursor that this store did not give out. */
export class InvalidCursorError extends Error {
  /** Tells it from other errors where `instanceof` cannot, as between two bundles. */
  override readonly name = "InvalidCursorError";
}

/** Keeps every user's sessions, whole, and who holds them. */
export interface PresenceStore {
  /**
   * Applies changes in their order, each user's merge and version in one atomic step.
   *
   * One round trip and one script call, however many changes (the caller keeps it to a few hundred).
   *
   * @throws {LeaseLostError} when there is a `put` or `resume` and the instance holds no lease; nothing was written
   * @throws {StoreUnavailableError}
   */
  apply(instance: Instance, changes: readonly Change[]): Promise<readonly Outcome[]>;

  /**
   * Applies one change before it returns. Only a store that is part of this process has it: there no
   * call is saved by gathering changes.
   *
   * @returns undefined when nothing was written; {@linkcode apply} tells why
   */
  applyNow?(instance: Instance, change: Change): Outcome | undefined;

  /**
   * Users as they are now, in the order asked; a user never seen is offline, version 0.
   *
   * @throws {StoreUnavailableError}
   */
  get(userIds: readonly string[]): Promise<Snapshot>;

  /**
   * One page of the online users.
   *
   * @throws {StoreUnavailableError}
   * @throws {InvalidCursorError}
   */
  list(query: ListQuery): Promise<Page>;

  /**
   * The sessions of one user that live on instances which hold their lease, in no order.
   *
   * @throws {StoreUnavailableError}
   */
  sessionsOf(userId: string): Promise<readonly SessionState[]>;

  /**
   * Begins an instance's lease, for `ttlMs`.
   *
   * @throws {StoreUnavailableError}
   */
  openLease(instance: Instance, ttlMs: number): Promise<LeaseReport>;

  /**
   * Prolongs a lease that is still held; never revives one that is gone. So is one under which something
   * was written that the store has lost.
   *
   * @throws {StoreUnavailableError}
   */
  renewLease(instance: Instance, ttlMs: number): Promise<LeaseReport>;

  /**
   * Declares an instance dead: ends its lease, so that every reader counts its sessions as gone.
   * Of all nodes that try at the same time one gets true, and reaps; a claimer that dies over it
   * loses the claim after `claimTtlMs`.
   *
   * @throws {StoreUnavailableError}
   */
  claim(instance: Instance, claimer: Instance, claimTtlMs: number): Promise<boolean>;

  /**
   * Ends every session of a dead instance and forgets it. Call after {@linkcode claim}, or for the
   * caller's own instance at the end of a drain.
   *
   * @returns what changed, to announce
   * @throws {StoreUnavailableError}
   */
  reap(instance: Instance, nowMs: number): Promise<readonly Outcome[]>;

  /**
   * Resolves when the store answers.
   *
   * @throws {StoreUnavailableError}
   */
  ping(): Promise<void>;
}
