/** Presence changes gathered and conflated, and the subjects that they travel on. */
import { createSubjects, escapeToken, unescapeToken } from "../../src/bus/subjects.ts";
import { Gathering } from "../../src/presence/gathering.ts";
import type { Presence } from "../../src/protocol/presence.ts";

const USERS = 1000;
const CHANGES = 10;

function presence(user: number, version: number): Presence {
  return {
    user_id: `player-${user}`,
    status: "online",
    location: `zone:${user % 20}`,
    last_seen: "2026-01-01T00:00:00.000Z",
    session_id: `ws_${user}`,
    sessions: 1,
    region: "eu",
    version,
  };
}

let version = 0;
const gathering = new Gathering();

Deno.bench(`${CHANGES} changes of ${USERS} users conflated`, () => {
  for (let change = 0; change < CHANGES; change++) {
    version++;
    for (let user = 0; user < USERS; user++) gathering.offer(presence(user, version), []);
  }
  for (const _ of gathering.take()) { /* delivered */ }
});

const newest = Array.from({ length: USERS }, (_, user) => presence(user, 1));

Deno.bench({ name: "each alone", group: "a flush encoded for its audience" }, () => {
  for (const one of newest) JSON.stringify({ presences: [one] });
});

Deno.bench({
  name: "once for all",
  group: "a flush encoded for its audience",
  baseline: true,
}, () => {
  JSON.stringify({ presences: newest });
});

const subjects = createSubjects("waygate");

Deno.bench({ name: "a plain id", group: "subject escape", baseline: true }, () => {
  escapeToken("player-123456");
});

Deno.bench({ name: "an id with everything in it", group: "subject escape" }, () => {
  escapeToken("zoë.smith@exämple.com > *");
});

Deno.bench({ name: "and back", group: "subject escape" }, () => {
  unescapeToken("zo%C3%AB%2Esmith%40ex%C3%A4mple%2Ecom%20%3E%20%2A");
});

Deno.bench({ name: "presence()", group: "subject", baseline: true }, () => {
  subjects.presence("zone:stormwind", "player-123456");
});

Deno.bench({ name: "parsePresence()", group: "subject" }, () => {
  subjects.parsePresence("waygate.presence.zone%3Astormwind.player-123456");
});
