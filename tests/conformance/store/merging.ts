/**
 * What puts and leaves make of a user.
 *
 * @module
 */
import assert from "node:assert/strict";
import { unknownPresence } from "../../../src/presence/state.ts";
import { join, leave, look, only, type OpenStores, session, T0 } from "./builders.ts";

/** Registers the tests. */
export function testMerging(name: string, open: OpenStores): void {
  Deno.test(`${name}: a put brings a user online`, async () => {
    const { store, other } = await open();
    const state = session("ws_a", { location: "lobby", status: "away", name: "Ada" });
    const outcome = await join(store, "ada", state);
    const presence = {
      user_id: "ada",
      name: "Ada",
      status: "away",
      location: "lobby",
      last_seen: "2026-01-02T03:04:05.006Z",
      session_id: "ws_a",
      sessions: 1,
      region: "eu",
      version: T0,
    };
    assert.deepEqual(outcome, {
      presence,
      previous_location: null,
      changed: true,
      sessions: [state],
      can_resume: false,
    });
    assert.deepEqual(await other.get(["ada"]), { presences: [presence], lapsed: [] });
    assert.deepEqual(await other.sessionsOf("ada"), [state]);
  });

  Deno.test(`${name}: the same put again changes nothing`, async () => {
    const { store } = await open();
    const state = session("ws_a", { location: "lobby" });
    const { presence } = await join(store, "ada", state);
    assert.deepEqual(await join(store, "ada", state, T0 + 5), {
      presence,
      previous_location: "lobby",
      changed: false,
      sessions: [state],
      can_resume: false,
    });
    assert.deepEqual(await look(store, "ada"), presence);
  });

  Deno.test(`${name}: an update says where the user was`, async () => {
    const { store } = await open();
    await join(store, "ada", session("ws_a", { location: "lobby" }));
    const moved = session("ws_a", { location: "arena", updated_at_ms: T0 + 9 });
    const outcome = await join(store, "ada", moved, T0 + 9);
    assert.equal(outcome.previous_location, "lobby");
    assert.equal(outcome.presence.location, "arena");
    assert.equal(outcome.presence.version, T0 + 9);
  });

  Deno.test(`${name}: of two sessions the one that spoke last is shown, then the one left`, async () => {
    const { store, other } = await open();
    const a = session("ws_a", { location: "lobby", updated_at_ms: T0 + 1, name: "Ada" });
    const b = session("ws_b", { instance: "n2:1", region: "us", connected_at_ms: T0 + 2 });
    await join(store, "ada", a);
    const bare = await join(other, "ada", b, T0 + 2);
    assert.equal(bare.presence.session_id, "ws_a", "a bare join does not hide what was said");
    assert.equal(bare.presence.sessions, 2);
    assert.deepEqual(new Set(bare.sessions), new Set([a, b]));

    const spoke = { ...b, location: "arena", updated_at_ms: T0 + 3 };
    const shown = await join(other, "ada", spoke, T0 + 3);
    assert.equal(shown.presence.session_id, "ws_b");
    assert.equal(shown.presence.region, "us");
    assert.equal(shown.presence.name, "Ada", "the name lasts when a session has none");
    assert.equal(shown.previous_location, "lobby");

    const left = only(await other.apply("n2:1", [leave("ada", b, T0 + 4)]));
    assert.equal(left.presence.session_id, "ws_a");
    assert.equal(left.presence.location, "lobby");
    assert.equal(left.previous_location, "arena");
    assert.deepEqual(left.sessions, [a]);
  });

  Deno.test(`${name}: a session that is not shown leaves quietly`, async () => {
    const { store } = await open();
    const a = session("ws_a", { location: "lobby", updated_at_ms: T0 });
    const b = session("ws_b");
    await join(store, "ada", a);
    await join(store, "ada", b);
    const { presence, changed } = only(await store.apply("n1:1", [leave("ada", b, T0 + 7)]));
    assert.equal(changed, true);
    assert.equal(presence.session_id, "ws_a");
    assert.equal(presence.sessions, 1);
    assert.equal(presence.version, T0 + 7);
  });

  Deno.test(`${name}: the last leave takes the user offline and keeps when that was`, async () => {
    const { store } = await open();
    const a = session("ws_a", { location: "lobby", name: "Ada" });
    await join(store, "ada", a);
    const offline = {
      ...unknownPresence("ada"),
      name: "Ada",
      last_seen: new Date(T0 + 3).toISOString(),
      version: T0 + 3,
    };
    assert.deepEqual(await store.apply("n1:1", [leave("ada", a, T0 + 3)]), [
      {
        presence: offline,
        previous_location: "lobby",
        changed: true,
        sessions: [],
        can_resume: false,
      },
    ]);
    assert.deepEqual(await look(store, "ada"), offline);
  });

  Deno.test(`${name}: a leave of nobody, or of a session held elsewhere, does nothing`, async () => {
    const { store } = await open();
    assert.deepEqual(await store.apply("n1:1", [leave("nobody", session("ws_x"))]), [
      {
        presence: unknownPresence("nobody"),
        previous_location: null,
        changed: false,
        sessions: [],
        can_resume: false,
      },
    ]);
    const state = session("ws_a", { instance: "n2:1", location: "lobby" });
    const { presence } = await join(store, "ada", state);
    for (const stray of [session("ws_a"), session("ws_b", { instance: "n2:1" })]) {
      const outcome = only(await store.apply("n1:1", [leave("ada", stray, T0 + 5)]));
      assert.deepEqual(outcome, {
        presence,
        previous_location: "lobby",
        changed: false,
        sessions: [state],
        can_resume: stray.session_id === "ws_b",
      });
    }
  });
}
