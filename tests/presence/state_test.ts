import assert from "node:assert/strict";
import fc from "fast-check";
import {
  nextVersion,
  outranks,
  presenceOf,
  type SessionState,
  shownSession,
  unknownPresence,
  type UserRecord,
} from "../../src/presence/state.ts";
import { session, T0 } from "../conformance/store/builders.ts";

function record(...sessions: readonly SessionState[]): UserRecord {
  return {
    user_id: "ada",
    name: "Ada",
    version: 7,
    last_seen_ms: T0,
    sessions,
    ended: [],
  };
}

const states = fc.uniqueArray(
  fc.record({ id: fc.nat(9), updated: fc.nat(2), connected: fc.nat(2) }),
  { selector: ({ id }) => id },
).map((parts) =>
  parts.map(({ id, updated, connected }) =>
    session(`ws_${id}`, { updated_at_ms: updated, connected_at_ms: connected })
  )
);

Deno.test("nextVersion() keeps up with the clock and grows when it stands or goes back", () => {
  assert.equal(nextVersion(0, T0), T0);
  assert.equal(nextVersion(T0, T0), T0 + 1);
  assert.equal(nextVersion(T0, T0 - 5000), T0 + 1);
});

Deno.test("outranks() prefers what was said, then the newer session, then the id", () => {
  const joined = session("ws_a", { connected_at_ms: T0 + 9 });
  const spoke = session("ws_b", { updated_at_ms: T0 });
  assert.ok(outranks(spoke, joined));
  assert.ok(outranks(session("ws_a", { updated_at_ms: T0 + 1 }), spoke));
  assert.ok(outranks(joined, session("ws_c")));
  assert.ok(outranks(session("ws_d"), session("ws_c")));
});

Deno.test("shownSession() is the same whatever the order", () => {
  fc.assert(fc.property(states, (sessions) => {
    const shown = shownSession(sessions);
    assert.equal(shownSession(sessions.toReversed()), shown);
    assert.equal(shown === undefined, sessions.length === 0);
    for (const other of sessions) {
      if (shown !== undefined && other !== shown) assert.ok(outranks(shown, other));
    }
  }));
});

Deno.test("presenceOf() shows one session and counts all", () => {
  const a = session("ws_a", { location: "lobby" });
  const b = session("ws_b", {
    region: "us",
    status: "busy",
    updated_at_ms: T0,
    location: "arena",
    name: "Countess",
  });
  assert.deepEqual(presenceOf(record(a, b)), {
    user_id: "ada",
    name: "Countess",
    status: "busy",
    location: "arena",
    last_seen: new Date(T0).toISOString(),
    session_id: "ws_b",
    sessions: 2,
    region: "us",
    version: 7,
  });
});

Deno.test("presenceOf() leaves out the sessions of the dead, under a newer version", () => {
  const a = session("ws_a", { instance: "n1:1" });
  const b = session("ws_b", { instance: "n2:1", updated_at_ms: T0 });
  const one = presenceOf(record(a, b), (instance) => instance === "n1:1");
  assert.deepEqual([one.session_id, one.sessions], ["ws_a", 1]);
  assert.ok(one.version > 7);
  const none = presenceOf(record(a, b), () => false);
  assert.deepEqual([none.status, none.location, none.region, none.sessions], [
    "offline",
    null,
    null,
    0,
  ]);
  assert.equal(none.name, "Ada", "the last name is kept");
});

Deno.test("presenceOf() is offline, with when that was, once no session is left", () => {
  assert.deepEqual(presenceOf(record()), {
    ...unknownPresence("ada"),
    name: "Ada",
    last_seen: new Date(T0).toISOString(),
    version: 7,
  });
});
