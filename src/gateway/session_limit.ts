import type { NodePresence } from "../presence/presence.ts";
import type { SessionState } from "../presence/state.ts";
import { CloseCode } from "../protocol/close_codes.ts";
import { ErrorCode, RpcError } from "../protocol/errors.ts";
import type { TimerWheel } from "../timer_wheel.ts";
import type { Connection } from "./connection.ts";
import type { Hub } from "./hub.ts";

/** A client whose join was written late may try once more to resume: so long it has for that, in ms. */
const LATE_MS = 1000;

/** What {@linkcode SessionLimit} works with. */
export interface SessionLimitOptions {
  readonly maxSessionsPerUser: number;
  readonly hub: Hub;
  readonly presence: Pick<NodePresence, "lease" | "tracker" | "watchSessions">;
  /** Closes a session that another node holds. */
  readonly closeElsewhere: (sessionId: string, instance: string) => void;
}

/** A connection that may be one session more than allowed. */
interface Newcomer {
  readonly connection: Connection;
  readonly wheel: TimerWheel;
  /** Whether it can still take the place of an earlier session. */
  mayResume: boolean;
  /** The user's sessions when it joined, as far as they are left; undefined until the join is written. */
  sessions: readonly SessionState[] | undefined;
}

/**
 * Closes a user's oldest sessions when there is one more than allowed. A client that comes back is not
 * one more, though its broken session is still recorded: whoever may resume is counted after that. The
 * join counts whenever it is written, be the store slow or away meanwhile.
 *
 * Each newcomer sees to the sessions that were there before it, and leaves later ones to themselves:
 * those who join at the same time condemn the same sessions.
 */
export class SessionLimit {
  readonly #options: SessionLimitOptions;
  readonly #newcomers = new Map<string, Newcomer>();

  constructor(options: SessionLimitOptions) {
    this.#options = options;
    options.presence.watchSessions((sessions) => this.#onSessions(sessions));
  }

  /** A connection is about to join. */
  expect(connection: Connection, wheel: TimerWheel): void {
    const newcomer = { connection, wheel, mayResume: true, sessions: undefined };
    this.#newcomers.set(connection.sessionId, newcomer);
  }

  /** A connection has resumed, or has let the chance pass. */
  settle(connection: Connection): void {
    const newcomer = this.#newcomers.get(connection.sessionId);
    if (newcomer === undefined) return;
    newcomer.mayResume = false;
    if (newcomer.sessions !== undefined) this.#conclude(newcomer);
  }

  /** The connection is over. */
  forget(connection: Connection): void {
    this.#newcomers.delete(connection.sessionId);
  }

  /** All sessions of one user, after a change. */
  #onSessions(sessions: readonly SessionState[]): void {
    if (this.#newcomers.size === 0) return;
    for (const { session_id } of sessions) {
      const newcomer = this.#newcomers.get(session_id);
      if (newcomer !== undefined) this.#count(newcomer, sessions);
    }
  }

  #count(newcomer: Newcomer, now: readonly SessionState[]): void {
    const { connection, wheel, sessions: before } = newcomer;
    newcomer.sessions = before === undefined
      ? now
      : now.filter((session) => isAmong(session, before));
    if (newcomer.sessions.length <= this.#options.maxSessionsPerUser) this.forget(connection);
    else if (before === undefined) {
      // This change is not announced yet: those that follow from it come after.
      queueMicrotask(() => this.#limitReplacements(newcomer));
      if (!newcomer.mayResume) wheel.schedule(LATE_MS, () => this.#conclude(newcomer));
    }
  }

  /** All that are allowed may have broken and be about to be replaced, but no more than those. */
  #limitReplacements(newcomer: Newcomer): void {
    this.#shrink(newcomer, this.#options.maxSessionsPerUser * 2);
  }

  #conclude(newcomer: Newcomer): void {
    this.#shrink(newcomer, this.#options.maxSessionsPerUser);
    this.forget(newcomer.connection);
  }

  #shrink({ connection, sessions = [] }: Newcomer, allowed: number): void {
    const surplus = sessions.length - allowed;
    if (surplus <= 0 || connection.isOver) return;
    const closed = sessions
      .filter(({ session_id }) => session_id !== connection.sessionId)
      .toSorted((a, b) => this.#compare(a, b))
      .slice(0, surplus);
    for (const session of closed) this.#close(session);
  }

  /** Sessions whose socket is known to be gone come first, then the oldest; ids settle a tie. */
  #compare(a: SessionState, b: SessionState): number {
    return Number(this.#isBroken(b)) - Number(this.#isBroken(a)) ||
      a.connected_at_ms - b.connected_at_ms || (a.session_id < b.session_id ? -1 : 1);
  }

  #isBroken({ session_id, instance }: SessionState): boolean {
    const { hub, presence } = this.#options;
    return presence.lease.isOwn(instance) && hub.session(session_id) === undefined;
  }

  #close({ session_id: sessionId, instance }: SessionState): void {
    const { hub, presence, closeElsewhere } = this.#options;
    const here = hub.session(sessionId);
    if (here !== undefined) closeForSessionLimit(here);
    else if (presence.lease.isOwn(instance)) presence.tracker.leave(sessionId);
    else closeElsewhere(sessionId, instance);
  }
}

/** Closes a session because its user opened one too many. */
export function closeForSessionLimit(connection: Connection): void {
  connection.fail(
    CloseCode.sessionLimit,
    new RpcError(ErrorCode.forbidden, undefined, "Too many sessions of this user"),
    "too many sessions of this user",
  );
}

function isAmong({ session_id }: SessionState, sessions: readonly SessionState[]): boolean {
  return sessions.some((session) => session.session_id === session_id);
}
