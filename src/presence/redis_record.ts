/**
 * A user's record as `scripts/apply.lua.ts` writes it: by session id, where we have lists.
 *
 * @module
 */
import type { EndedSession, SessionState, UserRecord } from "./state.ts";

/** The JSON under a user's key. Lua writes an empty table as it likes: as `{}` or `[]`. */
export interface StoredRecord {
  readonly user_id: string;
  readonly name?: string;
  readonly version: number;
  readonly last_seen_ms: number;
  readonly sessions: Readonly<Record<string, SessionState>>;
  readonly ended: Readonly<Record<string, Omit<EndedSession, "session_id">>>;
}

/** Reads what is stored of a user. */
export function toRecord({ name, sessions, ended, ...stored }: StoredRecord): UserRecord {
  return {
    ...stored,
    name,
    sessions: Object.values(sessions),
    ended: Object.entries(ended).map(([session_id, session]) => ({ ...session, session_id })),
  };
}
