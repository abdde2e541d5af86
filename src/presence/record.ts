/**
 * How one change turns a user's record into the next. Pure, and the model of `scripts/apply.lua.ts`,
 * which does the same where the record is kept.
 *
 * @module
 */
import type { Change, Instance, LeaveChange, PutChange, ResumeChange } from "./store.ts";
import { type EndedSession, nextVersion, type SessionState, type UserRecord } from "./state.ts";

/** How long a user is remembered after the last change: 30 days. */
export const RECORD_TTL_MS = 30 * 24 * 60 * 60 * 1000;

/** At most so many ended sessions of a user are remembered, the newest ones. */
export const MAX_ENDED = 16;

/**
 * Whether `instance` must hold its lease to make these changes.
 *
 * @throws {TypeError} when one of them puts a session of another instance
 */
export function needLease(instance: Instance, changes: readonly Change[]): boolean {
  let isNeeded = false;
  for (const change of changes) {
    if (change.op === "leave") continue;
    const { session_id, instance: holder } = change.session;
    if (holder !== instance) {
      throw new TypeError(
        `Session ${session_id} belongs to ${holder}: only that instance may put it`,
      );
    }
    isNeeded = true;
  }
  return isNeeded;
}

type Sessions = UserRecord["sessions"];
type Ended = UserRecord["ended"];

interface Identified {
  readonly session_id: string;
}

const NONE: readonly never[] = [];

/**
 * The record after a change; the very same one when there was nothing to do.
 *
 * @param resumeWindowMs how long ended sessions are remembered
 */
export function changeRecord(
  record: UserRecord | undefined,
  change: Change,
  resumeWindowMs: number,
): UserRecord | undefined {
  switch (change.op) {
    case "put":
      return put(record, change, resumeWindowMs);
    case "leave":
      return leave(record, change, resumeWindowMs);
    case "resume":
      return resume(record, change, resumeWindowMs);
  }
}

/**
 * Whether there is a session that the change's own could take the place of: another one, live or
 * remembered.
 */
export function canResume(
  record: UserRecord | undefined,
  change: Change,
  resumeWindowMs: number,
): boolean {
  if (record === undefined) return false;
  const own = change.op === "leave" ? change.session_id : change.session.session_id;
  const { now_ms } = change;
  return record.sessions.some(({ session_id }) => session_id !== own) ||
    record.ended.some((ended) =>
      ended.session_id !== own && isRemembered(ended, now_ms, resumeWindowMs)
    );
}

function put(record: UserRecord | undefined, change: PutChange, windowMs: number): UserRecord {
  const { session } = change;
  if (record === undefined) return next(record, change, [session], NONE, windowMs);
  const known = find(record.sessions, session.session_id);
  if (known !== undefined && isSame(known, session)) return record;
  const ended = without(record.ended, session.session_id);
  return next(record, change, withSession(record.sessions, session), ended, windowMs);
}

function leave(
  record: UserRecord | undefined,
  change: LeaveChange,
  windowMs: number,
): UserRecord | undefined {
  const { session_id, instance, now_ms } = change;
  if (record === undefined) return record;
  const session = find(record.sessions, session_id);
  if (session?.instance !== instance) return record;
  const { status, location, updated_at_ms } = session;
  const left: EndedSession = { session_id, ended_at_ms: now_ms, status, location, updated_at_ms };
  const ended = without(record.ended, session_id).concat(left);
  return next(record, change, without(record.sessions, session_id), ended, windowMs);
}

function resume(
  record: UserRecord | undefined,
  change: ResumeChange,
  windowMs: number,
): UserRecord | undefined {
  const { from_session_id: from, session, now_ms } = change;
  if (record === undefined || from === session.session_id) return record;
  const earlier = find(record.sessions, from) ??
    find(record.ended.filter((ended) => isRemembered(ended, now_ms, windowMs)), from);
  if (earlier === undefined) return record;
  const { status, location, updated_at_ms } = session.updated_at_ms > 0 ? session : earlier;
  const sessions = withSession(without(record.sessions, from), {
    ...session,
    status,
    location,
    updated_at_ms,
    resumed_from: from,
  });
  const ended = without(without(record.ended, from), session.session_id);
  return next(record, change, sessions, ended, windowMs);
}

function next(
  record: UserRecord | undefined,
  change: Change,
  sessions: Sessions,
  ended: Ended,
  windowMs: number,
): UserRecord {
  const { user_id, now_ms, known_version = 0 } = change;
  const named = change.op === "leave" ? undefined : change.session.name;
  return {
    user_id,
    name: named ?? record?.name,
    version: nextVersion(Math.max(latestView(record), known_version), now_ms),
    last_seen_ms: now_ms,
    sessions,
    ended: prune(ended, now_ms, windowMs),
  };
}

/**
 * The newest version under which anybody may have seen this record: a view without the sessions of
 * dead instances is newer than the record itself, and what is stored next must be newer still.
 */
function latestView(record: UserRecord | undefined): number {
  return record === undefined ? 0 : record.version + record.sessions.length;
}

function prune(ended: Ended, nowMs: number, windowMs: number): Ended {
  const isOver = ended.some((session) => !isRemembered(session, nowMs, windowMs));
  const kept = isOver ? ended.filter((session) => isRemembered(session, nowMs, windowMs)) : ended;
  if (kept.length <= MAX_ENDED) return kept;
  return kept.toSorted((a, b) =>
    b.ended_at_ms - a.ended_at_ms || (a.session_id > b.session_id ? -1 : 1)
  ).slice(0, MAX_ENDED);
}

function isRemembered({ ended_at_ms }: EndedSession, nowMs: number, windowMs: number): boolean {
  return nowMs - ended_at_ms < windowMs;
}

function find<T extends Identified>(entries: readonly T[], id: string): T | undefined {
  return entries.find(({ session_id }) => session_id === id);
}

function withSession(sessions: Sessions, session: SessionState): Sessions {
  return without(sessions, session.session_id).concat(session);
}

function without<T extends Identified>(entries: readonly T[], id: string): readonly T[] {
  const at = entries.findIndex(({ session_id }) => session_id === id);
  if (at === -1) return entries;
  return entries.length === 1 ? NONE : entries.toSpliced(at, 1);
}

function isSame(a: SessionState, b: SessionState): boolean {
  return a.instance === b.instance && a.region === b.region && a.name === b.name &&
    a.status === b.status && a.location === b.location &&
    a.updated_at_ms === b.updated_at_ms && a.connected_at_ms === b.connected_at_ms &&
    a.resumed_from === b.resumed_from;
}
