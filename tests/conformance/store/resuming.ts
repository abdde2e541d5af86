/**
 * What it takes for a session to go on where an earlier one was.
 *
 * @module
 */
import assert from "node:assert/strict";
import { MAX_ENDED } from "../../../src/presence/record.ts";
import { LeaseLostError } from "../../../src/presence/store.ts";
import {
  join,
  leave,
  look,
  only,
  type OpenStores,
  put,
  resume,
  session,
  T0,
  WINDOW_MS,
} from "./builders.ts";

const EARLIER = session("ws_a", { location: "arena", status: "busy", updated_at_ms: T0 + 1 });
const LATER = session("ws_b", { instance: "n2:1", connected_at_ms: T0 + 5, location: "lobby" });

/** Registers the tests. */
export function testResuming(name: string, open: OpenStores): void {
  Deno.test(`${name}: a session takes the place of a live one, unnoticed`, async () => {
    const { store, other } = await open();
    await join(store, "ada", EARLIER);
    await join(other, "ada", LATER);
    const outcome = only(await other.apply("n2:1", [resume("ada", "ws_a", LATER, T0 + 9)]));
    const { status, location, updated_at_ms } = EARLIER;
    assert.equal(outcome.changed, true);
    assert.equal(outcome.previous_location, "arena");
    const state = { ...LATER, status, location, updated_at_ms, resumed_from: "ws_a" };
    assert.deepEqual(outcome.sessions, [state]);
    assert.equal(outcome.presence.session_id, "ws_b");
    assert.equal(outcome.presence.location, "arena");
    assert.equal(outcome.presence.version, T0 + 9);
    assert.deepEqual(await look(store, "ada"), outcome.presence);

    const late = only(await store.apply("n1:1", [leave("ada", EARLIER, T0 + 10)]));
    assert.equal(late.changed, false, "the earlier one's end is no news");
    assert.deepEqual(await store.reap("n1:1", T0 + 11), []);
    assert.deepEqual(await look(store, "ada"), outcome.presence);
  });

  Deno.test(`${name}: a session takes the place of an ended one, within the window`, async () => {
    const { store } = await open();
    await join(store, "ada", EARLIER);
    await store.apply("n1:1", [leave("ada", EARLIER, T0 + 2)]);
    await join(store, "ada", LATER, T0 + 3);
    const tooLate = resume("ada", "ws_a", LATER, T0 + 2 + WINDOW_MS);
    assert.equal(only(await store.apply("n2:1", [tooLate])).changed, false);
    const outcome = only(await store.apply("n2:1", [resume("ada", "ws_a", LATER, T0 + 4)]));
    assert.equal(outcome.changed, true);
    assert.equal(outcome.previous_location, "lobby");
    assert.equal(outcome.presence.location, "arena");
    assert.equal(outcome.presence.status, "busy");
    assert.equal(outcome.presence.sessions, 1);
    const again = resume("ada", "ws_a", session("ws_c", { instance: "n2:1" }), T0 + 5);
    assert.equal(only(await store.apply("n2:1", [again])).changed, false, "it is taken");
  });

  Deno.test(`${name}: a session that is not recorded yet can take a place`, async () => {
    const { store } = await open();
    await join(store, "ada", EARLIER);
    await store.openLease("n2:1", 60_000);
    const outcome = only(await store.apply("n2:1", [resume("ada", "ws_a", LATER)]));
    assert.deepEqual(outcome.sessions.map((state) => state.session_id), ["ws_b"]);
    assert.deepEqual((await store.reap("n2:1", T0)).length, 1, "its instance holds it");
  });

  Deno.test(`${name}: only the first to resume a session gets it`, async () => {
    const { store, other } = await open();
    await join(store, "ada", EARLIER);
    const rivals = ["n2:1", "n3:1", "n4:1", "n5:1"].map((instance, at) =>
      session(`ws_r${at}`, { instance, connected_at_ms: T0 + at })
    );
    for (const rival of rivals) await join(store, "ada", rival);
    const outcomes = await Promise.all(rivals.map((rival, at) => {
      const node = at % 2 ? store : other;
      return node.apply(rival.instance, [resume("ada", "ws_a", rival, T0 + 9)]);
    }));
    const winners = outcomes.map(only).filter((outcome) => outcome.changed);
    assert.equal(winners.length, 1);
    const { sessions, session_id } = await look(store, "ada");
    assert.equal(sessions, rivals.length);
    assert.equal(session_id, only(winners).presence.session_id);
  });

  Deno.test(`${name}: a session that has spoken keeps what it said`, async () => {
    const { store } = await open();
    await join(store, "ada", EARLIER);
    const spoke = { ...LATER, status: "away", updated_at_ms: T0 + 6 } as const;
    await join(store, "ada", spoke);
    const outcome = only(await store.apply("n2:1", [resume("ada", "ws_a", spoke, T0 + 9)]));
    assert.equal(outcome.changed, true);
    assert.deepEqual(outcome.sessions, [{ ...spoke, resumed_from: "ws_a" }]);
  });

  Deno.test(`${name}: nothing is resumed that the user never had`, async () => {
    const { store } = await open();
    await join(store, "bob", EARLIER);
    const { presence } = await join(store, "ada", LATER);
    for (const id of ["ws_a", "ws_b", "ws_x", "constructor", "__proto__", "toString"]) {
      const outcome = only(await store.apply("n2:1", [resume("ada", id, LATER, T0 + 9)]));
      assert.deepEqual(outcome, {
        presence,
        previous_location: "lobby",
        changed: false,
        sessions: [LATER],
        can_resume: false,
      }, id);
    }
    const stranger = resume("eve", "ws_a", session("ws_e", { instance: "n2:1" }));
    const outcome = only(await store.apply("n2:1", [stranger]));
    assert.equal(outcome.changed, false);
    assert.equal(outcome.presence.version, 0, "a resume that fails puts nobody online");
    assert.equal((await look(store, "bob")).sessions, 1);
  });

  Deno.test(`${name}: a session that comes back itself has not ended`, async () => {
    const { store } = await open();
    await join(store, "ada", EARLIER);
    await store.apply("n1:1", [leave("ada", EARLIER, T0 + 2)]);
    await join(store, "ada", EARLIER, T0 + 3);
    await join(store, "ada", LATER, T0 + 4);
    const outcomes = await store.apply("n2:1", [
      resume("ada", "ws_a", LATER, T0 + 5),
      resume("ada", "ws_a", LATER, T0 + 6),
    ]);
    assert.deepEqual(outcomes.map((outcome) => outcome.changed), [true, false]);
    const taken = outcomes.map(({ sessions }) => sessions.map((state) => state.resumed_from));
    assert.deepEqual(taken, [["ws_a"], ["ws_a"]], "the second is told of the first");
  });

  Deno.test(`${name}: of many ended sessions the newest are remembered`, async () => {
    const { store } = await open();
    const states = Array.from({ length: MAX_ENDED + 2 }, (_, at) => session(`ws_${at}`));
    await join(store, "ada", LATER);
    await store.openLease("n1:1", 60_000);
    for (const [at, state] of states.entries()) {
      await store.apply("n1:1", [put("ada", state), leave("ada", state, T0 + at)]);
    }
    const known: boolean[] = [];
    for (const state of states) {
      const change = resume("ada", state.session_id, LATER, T0 + 99);
      known.push(only(await store.apply("n2:1", [change])).changed);
    }
    assert.deepEqual(known, states.map((_, at) => at >= 2));
  });

  Deno.test(`${name}: a join says whether there is something to resume`, async () => {
    const { store } = await open();
    const third = session("ws_c");
    assert.equal((await join(store, "ada", EARLIER)).can_resume, false);
    assert.equal((await join(store, "ada", EARLIER)).can_resume, false, "not itself");
    assert.equal((await join(store, "ada", LATER)).can_resume, true, "one that lives");
    const left = await store.apply("n2:1", [leave("ada", EARLIER, T0), leave("ada", LATER, T0)]);
    assert.deepEqual(left.map((outcome) => outcome.can_resume), [true, true]);
    const at = (now: number) => put("ada", third, now);
    const [soon, late] = await store.apply("n1:1", [at(T0 + WINDOW_MS - 1), at(T0 + WINDOW_MS)]);
    assert.equal(soon?.can_resume, true, "one that ended");
    assert.equal(late?.can_resume, false, "not one that ended long ago");
  });

  Deno.test(`${name}: resuming needs the lease`, async () => {
    const { store } = await open();
    await join(store, "ada", EARLIER);
    await assert.rejects(store.apply("n2:1", [resume("ada", "ws_a", LATER)]), LeaseLostError);
    assert.equal((await look(store, "ada")).session_id, "ws_a");
  });
}
