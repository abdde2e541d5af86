/**
 * Presences, and people who watch them, for tests of how changes travel.
 *
 * @module
 */
import type { Watcher } from "../../src/presence/audiences.ts";
import type { Presence } from "../../src/protocol/presence.ts";
import { T0 } from "../conformance/store/builders.ts";

/** A user online at no place in particular. */
export function presence(
  user_id: string,
  version: number,
  details: Partial<Presence> = {},
): Presence {
  return {
    user_id,
    status: "online",
    location: null,
    last_seen: new Date(T0).toISOString(),
    session_id: `ws_${user_id}`,
    sessions: 1,
    region: "eu",
    version,
    ...details,
  };
}

/** A user who is gone. */
export function offline(user_id: string, version: number): Presence {
  return presence(user_id, version, {
    status: "offline",
    session_id: null,
    sessions: 0,
    region: null,
  });
}

/** Somebody who keeps each message: what it says of each user, for example `ada@lobby`. */
export class Recorder implements Watcher {
  readonly messages: string[][] = [];
  readonly texts: string[] = [];
  isLagging = false;

  send(message: string): void {
    this.texts.push(message);
    const { params } = JSON.parse(message) as { params: { presences: Presence[] } };
    this.messages.push(params.presences.map(brief));
  }
}

/** One user in a word: `ada`, `ada@lobby`, `ada offline`, with the version behind it. */
export function brief({ user_id, status, location, version }: Presence): string {
  const place = location === null ? "" : `@${location}`;
  return `${user_id}${status === "offline" ? " offline" : place} ${version}`;
}
