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
  const sessions = changes.flatMap((change) => change.op === "leave" ? [] : [change.session]);
  const stranger = sessions.find((session) => session.instance !== instance);
  if (stranger === undefined) return sessions.length > 0;
  throw new TypeError(
    `Session ${stranger.session_id} belongs to ${stranger.instance}: only that instance may put it`,
  );
}

type Sessions = UserRecord["sessions"];
type Ended = UserRecord["ended"];

const NONE: Readonly<Record<string, never>> = Object.freeze(Object.create(null));

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
  const own = change.op === "leave" ? change.session_id : change.session.session_id;
  if (record === undefined) return false;
  const isOther = (id: string): boolean => id !== own;
  const isRemembered = (id: string): boolean =>
    isOther(id) && remembered(record.ended[id], change.now_ms, resumeWindowMs) !== undefined;
  return Object.keys(record.sessions).some(isOther) ||
    Object.keys(record.ended).some(isRemembered);
}

function put(record: UserRecord | undefined, change: PutChange, windowMs: number): UserRecord {
  const { session } = change;
  const known = find(record?.sessions, session.session_id);
  if (record !== undefined && known !== undefined && isSame(known, session)) return record;
  const ended = without(record?.ended ?? NONE, session.session_id);
  return next(record, change, withSession(record?.sessions, session), ended, windowMs);
}

function leave(
  record: UserRecord | undefined,
  change: LeaveChange,
  windowMs: number,
): UserRecord | undefined {
  const { session_id, instance, now_ms } = change;
  const session = find(record?.sessions, session_id);
  if (record === undefined || session?.instance !== instance) return record;
  const { status, location, updated_at_ms } = session;
  const left: EndedSession = { ended_at_ms: now_ms, status, location, updated_at_ms };
  const ended = table(record.ended);
  ended[session_id] = left;
  return next(record, change, without(record.sessions, session_id), ended, windowMs);
}

function resume(
  record: UserRecord | undefined,
  change: ResumeChange,
  windowMs: number,
): UserRecord | undefined {
  const { from_session_id: from, session, now_ms } = change;
  const earlier = find(record?.sessions, from) ??
    remembered(find(record?.ended, from), now_ms, windowMs);
  if (record === undefined || earlier === undefined || from === session.session_id) return record;
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
  const { user_id, now_ms } = change;
  const name = ("session" in change ? change.session.name : undefined) ?? record?.name;
  return {
    user_id,
    ...(name === undefined ? {} : { name }),
    version: nextVersion(latestView(record), now_ms),
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
  return record === undefined ? 0 : record.version + Object.keys(record.sessions).length;
}

function prune(ended: Ended, nowMs: number, windowMs: number): Ended {
  const ids = Object.keys(ended);
  const isRemembered = (id: string): boolean =>
    remembered(ended[id], nowMs, windowMs) !== undefined;
  if (ids.length <= MAX_ENDED && ids.every(isRemembered)) return ended;
  const newest = Object.entries(ended)
    .filter(([id]) => isRemembered(id))
    .sort(([idA, a], [idB, b]) => b.ended_at_ms - a.ended_at_ms || (idA > idB ? -1 : 1))
    .slice(0, MAX_ENDED);
  const kept = table<EndedSession>(NONE);
  for (const [id, session] of newest) kept[id] = session;
  return kept;
}

function remembered(
  session: EndedSession | undefined,
  nowMs: number,
  windowMs: number,
): EndedSession | undefined {
  return session !== undefined && nowMs - session.ended_at_ms < windowMs ? session : undefined;
}

/** Ids to resume come from clients, who may well ask for `constructor`. */
function find<T>(entries: Readonly<Record<string, T>> | undefined, id: string): T | undefined {
  return entries !== undefined && Object.hasOwn(entries, id) ? entries[id] : undefined;
}

function withSession(sessions: Sessions | undefined, session: SessionState): Sessions {
  const all = table(sessions ?? NONE);
  all[session.session_id] = session;
  return all;
}

function without<T>(entries: Readonly<Record<string, T>>, id: string): Readonly<Record<string, T>> {
  if (!Object.hasOwn(entries, id)) return entries;
  const rest = table(entries);
  delete rest[id];
  return rest;
}

/**
 * A copy without a prototype: V8 keeps such an object as a table, where for each id in a plain one it
 * would make a hidden class that nothing else ever has.
 */
function table<T>(entries: Readonly<Record<string, T>>): Record<string, T> {
  return Object.assign(Object.create(null), entries);
}

function isSame(a: SessionState, b: SessionState): boolean {
  return a.instance === b.instance && a.region === b.region && a.name === b.name &&
    a.status === b.status && a.location === b.location &&
    a.updated_at_ms === b.updated_at_ms && a.connected_at_ms === b.connected_at_ms &&
    a.resumed_from === b.resumed_from;
}
