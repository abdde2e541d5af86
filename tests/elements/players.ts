import type { Presence, Status } from "../../src/client/client.ts";

const STATUSES: readonly Status[] = ["online", "away", "busy"];

/** A user who is online, unless told otherwise. */
export function player(user_id: string, change: Partial<Presence> = {}): Presence {
  return {
    user_id,
    name: user_id,
    status: "online",
    location: "lobby",
    last_seen: new Date().toISOString(),
    session_id: `ws_${user_id}`,
    sessions: 1,
    region: "local",
    version: 1,
    ...change,
  };
}

/** Many users: `player 0` and so on, of every status, in ten zones. */
export function players(count: number): Presence[] {
  return Array.from({ length: count }, (_, number) =>
    player(`p${number}`, {
      name: `player ${number}`,
      status: STATUSES[number % STATUSES.length] ?? "online",
      location: `zone:${number % 10}`,
    }));
}
