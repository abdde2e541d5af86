/** Visits of players, presence changes gathered and conflated, and the subjects that they travel on. */
import { createMemoryBus } from "../../src/bus/bus_memory.ts";
import { createSubjects, escapeToken, unescapeToken } from "../../src/bus/subjects.ts";
import { Gathering } from "../../src/presence/gathering.ts";
import { NodePresence } from "../../src/presence/presence.ts";
import { createMemoryStore } from "../../src/presence/store_memory.ts";
import { Counters } from "../../src/telemetry/counters.ts";
import { TimerWheel } from "../../src/timer_wheel.ts";
import type { Presence } from "../../src/protocol/presence.ts";

const PLAYERS = 20_000;
const ids = Array.from({ length: PLAYERS }, (_, player) => `player-${player}`);
const tokenExpiresAtMs = Date.now() + 3_600_000;
let visits = 0;

/** A node of its own, in memory, with so many players who stay. */
async function nodeWith(staying: number): Promise<NodePresence["tracker"]> {
  const presence = new NodePresence({
    store: createMemoryStore({ resumeWindowMs: 60_000 }),
    bus: createMemoryBus(),
    subjects: createSubjects("waygate"),
    counters: new Counters(),
    wheel: new TimerWheel(reportError),
    nodeId: "n1",
    region: "eu",
    leaseMs: 3_600_000,
    graceMs: 1500,
    flushMs: 50,
    connections: () => 0,
    log: {
      reaped() {},
      leaseLost() {},
      storeAway() {},
      storeBack() {},
      malformed() {},
      failed: (_, error) => reportError(error),
    },
  });
  await presence.start();
  for (let player = 0; player < staying; player++) {
    await join(presence.tracker, `staying-${player}`);
  }
  return presence.tracker;
}

async function join(tracker: NodePresence["tracker"], userId: string): Promise<string> {
  const sessionId = `ws_${++visits}`;
  const connectedAtMs = Date.now();
  await tracker.join({ sessionId, userId, name: userId, connectedAtMs, tokenExpiresAtMs });
  return sessionId;
}

for (const staying of [0, PLAYERS]) {
  const tracker = await nodeWith(staying);
  Deno.bench({
    name: `join and leave of one of ${PLAYERS} players, ${staying} others online`,
    group: "a visit that nobody watches, in memory",
    baseline: staying === 0,
  }, async () => {
    tracker.leave(await join(tracker, ids[visits % PLAYERS] ?? ""));
  });
}

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
