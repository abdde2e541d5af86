/** What a player may say of themselves. */
export type Status = "online" | "away" | "busy";

/** A status as others see it; `offline` is only ever reported by the server. */
export type PresenceStatus = Status | "offline";

/** Where and how a user is, merged over all of the user's sessions. */
export interface Presence {
  /** The `sub` of the user's tokens, 1–128 characters. */
  readonly user_id: string;
  /** Display name, from the token. */
  readonly name?: string;
  /** Of the session shown; `offline` when the user has no live session. */
  readonly status: PresenceStatus;
  /** 1–64 of `A–Z a–z 0–9 _ : . -`, or null. */
  readonly location: string | null;
  /** ISO 8601 UTC with milliseconds; null for a user never seen. */
  readonly last_seen: string | null;
  /** The session whose update is shown; null while offline. */
  readonly session_id: string | null;
  /** Live sessions of the user, in all regions. */
  readonly sessions: number;
  /** Region of the session shown; null while offline. */
  readonly region: string | null;
  /** Only grows for each user: drop what is not newer than what you have. 0 for a user never seen. */
  readonly version: number;
}
