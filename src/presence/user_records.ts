import { RECORD_TTL_MS } from "./record.ts";
import type { UserRecord } from "./state.ts";

/** Old records are looked for so often at most, in ms. */
const FORGET_EVERY_MS = 60_000;

/** All users that are known, as long as they are online or were not long ago. */
export class UserRecords {
  /** By user id, the one that changed longest ago first. */
  readonly #records = new Map<string, UserRecord>();
  /** Nobody is to be forgotten before. */
  #forgetAtMs = 0;

  get(userId: string): UserRecord | undefined {
    return this.#records.get(userId);
  }

  /** Keeps a record that has changed, in the place of the user's last one. */
  keep(record: UserRecord, nowMs: number): void {
    this.#records.delete(record.user_id);
    this.#records.set(record.user_id, record);
    if (nowMs >= this.#forgetAtMs) this.#forgetOld(nowMs);
  }

  /** Not at each change: a map finds its oldest entry only past all that were removed. */
  #forgetOld(nowMs: number): void {
    this.#forgetAtMs = nowMs + RECORD_TTL_MS;
    for (const { user_id, last_seen_ms, sessions } of this.#records.values()) {
      if (nowMs - last_seen_ms < RECORD_TTL_MS) {
        this.#forgetAtMs = Math.max(last_seen_ms + RECORD_TTL_MS, nowMs + FORGET_EVERY_MS);
        return;
      }
      if (sessions.length === 0) this.#records.delete(user_id);
    }
  }
}
