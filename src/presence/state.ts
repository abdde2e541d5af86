/**
 * What is known of one user, and the pure rules that turn it into a {@linkcode Presence}.
 *
 * @module
 */
import { isoOf } from "../iso_clock.ts";
import type { Presence, Status } from "../protocol/presence.ts";

/** One live session, as it last described itself. */
export interface SessionState {
  /** 1–64 characters, unique among all sessions. */
  readonly session_id: string;
  /** The {@linkcode Instance} that holds the socket. */
  readonly instance: string;
  /** Of the node that holds the socket. */
  readonly region: string;
  /** Display name, from the token. */
  readonly name?: string;
  /** As the session last said, `online` before. */
  readonly status: Status;
  /** As the session last said; null for nowhere. */
  readonly location: string | null;
  /** When the session last said something of itself, in ms; 0 while it has only joined. */
  readonly updated_at_ms: number;
  /** When it joined, in ms. */
  readonly connected_at_ms: number;
  /** The earlier session whose place it has taken, the last one. */
  readonly resumed_from?: string;
}

/** What a session that resumes an ended one goes on with. */
export interface EndedSession {
  readonly session_id: string;
  /** When it ended, in ms. */
  readonly ended_at_ms: number;
  readonly status: Status;
  readonly location: string | null;
  readonly updated_at_ms: number;
}

/** Everything kept of one user, live or not. */
export interface UserRecord {
  readonly user_id: string;
  readonly name: string | undefined;
  /** See {@linkcode nextVersion}. */
  readonly version: number;
  /** Wall clock of the last change, in ms. */
  readonly last_seen_ms: number;
  /** Live sessions, in no order. */
  readonly sessions: readonly SessionState[];
  /** Sessions that ended within the resume window, in no order: they may still be resumed. */
  readonly ended: readonly EndedSession[];
}

/**
 * A hybrid clock: it grows by at least one with each change, and keeps up with wall time so that it
 * still grows when the record was lost.
 */
export function nextVersion(previous: number, nowMs: number): number {
  return Math.max(previous + 1, nowMs);
}

/**
 * Whether `a` is shown rather than `b`: what a session said of itself beats a bare join, then the
 * newer wins; the id settles a tie so that every reader picks the same.
 */
export function outranks(a: SessionState, b: SessionState): boolean {
  if (a.updated_at_ms !== b.updated_at_ms) return a.updated_at_ms > b.updated_at_ms;
  if (a.connected_at_ms !== b.connected_at_ms) return a.connected_at_ms > b.connected_at_ms;
  return a.session_id > b.session_id;
}

/** The session that is shown for a user, or undefined when there is none. */
export function shownSession(sessions: readonly SessionState[]): SessionState | undefined {
  let shown: SessionState | undefined;
  for (const session of sessions) {
    if (shown === undefined || outranks(session, shown)) shown = session;
  }
  return shown;
}

/** How a user looks of whom nothing is known. */
export function unknownPresence(userId: string): Presence {
  return {
    user_id: userId,
    status: "offline",
    location: null,
    last_seen: null,
    session_id: null,
    sessions: 0,
    region: null,
    version: 0,
  };
}

/**
 * How a user looks to a reader who knows which instances live. Sessions of a dead instance count as
 * gone; for each, the view is one version newer than the record, since readers drop what is not newer.
 *
 * @param isAlive whether an instance holds its lease; all do, when absent
 */
export function presenceOf(
  record: UserRecord,
  isAlive?: (instance: string) => boolean,
): Presence {
  const { user_id, sessions: all } = record;
  const live = isAlive === undefined ? all : all.filter(({ instance }) => isAlive(instance));
  const shown = shownSession(live);
  const name = shown?.name ?? record.name;
  const status = shown?.status ?? "offline";
  const location = shown?.location ?? null;
  const last_seen = isoOf(record.last_seen_ms);
  const session_id = shown?.session_id ?? null;
  const sessions = live.length;
  const region = shown?.region ?? null;
  const version = record.version + all.length - live.length;
  return name === undefined
    ? { user_id, status, location, last_seen, session_id, sessions, region, version }
    : { user_id, name, status, location, last_seen, session_id, sessions, region, version };
}
