import type { PresenceStatus } from "../client/client.ts";

/** What a player reads for a status. */
export const STATUS_WORDS: Readonly<Record<PresenceStatus, string>> = {
  online: "Online",
  away: "Away",
  busy: "Busy",
  offline: "Offline",
};
