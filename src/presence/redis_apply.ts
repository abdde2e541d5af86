/**
 * The call of `scripts/apply.lua.ts`: changes in, outcomes out.
 *
 * @module
 */
import {
  heldKey,
  INDEX_KEY,
  leaseKey,
  ONLINE_USERS_KEY,
  onlineKey,
  sessionKey,
  userKey,
} from "./redis_keys.ts";
import { canResume, MAX_ENDED, needLease, RECORD_TTL_MS } from "./record.ts";
import { type StoredRecord, toRecord } from "./redis_record.ts";
import { presenceOf, type SessionState, unknownPresence } from "./state.ts";
import type { Change, Instance, Outcome } from "./store.ts";

/** A script call's keys and arguments. */
export interface ScriptCall {
  readonly keys: string[];
  readonly args: string[];
}

/** How the script is to treat the changes. */
export interface ApplyOptions {
  /** How long ended sessions are remembered, in ms. */
  readonly resumeWindowMs: number;
  /**
   * Whether the changes are the leaves of a dead instance's sessions. Such a session that has ended
   * already counts as changed: nobody may have heard of the attempt that ended it.
   */
  readonly reaping: boolean;
}

/** An outcome as the script writes it. */
interface ScriptOutcome {
  readonly record: StoredRecord | null;
  readonly previous_location: string | null;
  readonly changed: boolean;
}

/** Writes the script call for an instance's changes. */
export function encodeCall(
  instance: Instance,
  changes: readonly Change[],
  { resumeWindowMs, reaping }: ApplyOptions,
): ScriptCall {
  const places = new Map<string, number>();
  // Places count from 1, as in Lua, and a key that several changes touch has one.
  function place(key: string): number {
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, places.size + 1);
    return places.size;
  }
  for (const key of [leaseKey(instance), ONLINE_USERS_KEY, INDEX_KEY]) place(key);
  const options = {
    needs_lease: needLease(instance, changes),
    reaping,
    resume_window_ms: resumeWindowMs,
    record_ttl_ms: RECORD_TTL_MS,
    max_ended: MAX_ENDED,
  };
  const args = [options, ...changes.map((change) => encodeChange(change, place))];
  return { keys: [...places.keys()], args: args.map(wellFormedJson) };
}

function encodeChange(change: Change, place: (key: string) => number): object {
  const { user_id, now_ms } = change;
  const shared = { ...change, now_iso: new Date(now_ms).toISOString() };
  const userKeys = { user: place(userKey(user_id)), online: place(onlineKey(user_id)) };
  if (change.op === "leave") {
    const session = place(sessionKey(change.session_id));
    return { ...shared, keys: { ...userKeys, session, held: place(heldKey(change.instance)) } };
  }
  const { session_id, instance } = change.session;
  return {
    ...shared,
    ttl_ms: Math.max(1, Math.ceil(change.ttl_ms)),
    session_info: wellFormedJson(sessionInfo(user_id, change.session)),
    keys: {
      ...userKeys,
      session: place(sessionKey(session_id)),
      held: place(heldKey(instance)),
      ...(change.op === "resume" && { from: place(sessionKey(change.from_session_id)) }),
    },
  };
}

/** What other services may read of a session. */
function sessionInfo(userId: string, session: SessionState): object {
  const { instance, region, connected_at_ms } = session;
  return {
    user: userId,
    node: instance.slice(0, instance.lastIndexOf(":")),
    region,
    connected_at: new Date(connected_at_ms).toISOString(),
  };
}

/** Reads the outcomes in the script's reply to a call with these changes. */
export function decodeOutcomes(
  texts: readonly string[],
  changes: readonly Change[],
  { resumeWindowMs }: ApplyOptions,
): Outcome[] {
  return changes.map((change, at) => {
    const outcome = JSON.parse(texts[at] ?? "") as ScriptOutcome;
    const { previous_location, changed } = outcome;
    const record = outcome.record === null ? undefined : toRecord(outcome.record);
    return {
      presence: record === undefined ? unknownPresence(change.user_id) : presenceOf(record),
      previous_location,
      changed,
      sessions: record?.sessions ?? [],
      can_resume: canResume(record, change, resumeWindowMs),
    };
  });
}

/** JSON that Lua can read too: it has no place for half a surrogate pair, as cut names may have. */
function wellFormedJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_, part) => typeof part === "string" ? part.toWellFormed() : part,
  );
}
