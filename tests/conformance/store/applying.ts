/**
 * Batches of changes: their order, their lease, their versions.
 *
 * @module
 */
import assert from "node:assert/strict";
import { unknownPresence } from "../../../src/presence/state.ts";
import { LeaseLostError } from "../../../src/presence/store.ts";
import {
  join,
  LEASE_MS,
  leave,
  look,
  only,
  type OpenStores,
  put,
  resume,
  session,
  STRANGE_IDS,
  T0,
} from "./builders.ts";

/** Registers the tests. */
export function testApplying(name: string, open: OpenStores): void {
  Deno.test(`${name}: apply() takes changes in their order, many of one user too`, async () => {
    const { store } = await open();
    await store.openLease("n1:1", LEASE_MS);
    const a = session("ws_a");
    const b = session("ws_b", { location: "arena", connected_at_ms: T0 + 1 });
    const outcomes = await store.apply("n1:1", [
      put("ada", a),
      put("bob", session("ws_c")),
      put("ada", b),
      leave("ada", a),
      leave("ada", b),
      put("ada", a),
    ]);
    assert.deepEqual(
      outcomes.map(({ presence }) => [presence.user_id, presence.session_id, presence.sessions]),
      [["ada", "ws_a", 1], ["bob", "ws_c", 1], ["ada", "ws_b", 2], ["ada", "ws_b", 1]].concat([
        ["ada", null, 0],
        ["ada", "ws_a", 1],
      ] as never[]),
    );
    assert.deepEqual(await store.apply("n1:1", []), []);
  });

  Deno.test(`${name}: apply() writes nothing when the lease it needs is gone`, async () => {
    const { store } = await open();
    const a = session("ws_a", { instance: "n2:1" });
    const { presence } = await join(store, "ada", a);
    await assert.rejects(
      store.apply("n1:1", [leave("ada", a, T0 + 1), put("bob", session("ws_b"))]),
      LeaseLostError,
    );
    assert.deepEqual((await store.get(["ada", "bob"])).presences, [
      presence,
      unknownPresence("bob"),
    ]);
    const left = only(await store.apply("n1:1", [leave("ada", a, T0 + 1)]));
    assert.equal(left.changed, true, "a leave needs no lease");
  });

  Deno.test(`${name}: apply() refuses to put a session of another instance`, async () => {
    const { store } = await open();
    await store.openLease("n1:1", LEASE_MS);
    const change = put("ada", session("ws_a", { instance: "n2:1" }));
    await assert.rejects(store.apply("n1:1", [change]), TypeError);
  });

  Deno.test(`${name}: a version grows with every change, whatever the clocks say`, async () => {
    const { store, other } = await open();
    let version = 0;
    for (const [at, now] of [T0, T0, T0 - 60_000, T0 + 1, T0 - 1].entries()) {
      const state = session("ws_a", { instance: `n${at}:1`, updated_at_ms: now });
      const { presence } = await join(at % 2 ? other : store, "ada", state, now);
      assert.ok(presence.version > version, `${presence.version} after ${version}`);
      version = presence.version;
    }
  });

  Deno.test(`${name}: a version is newer than what the node knows, as if nothing had been lost`, async () => {
    const { store } = await open();
    const known_version = T0 + 20_000;
    const state = session("ws_a");
    await store.openLease(state.instance, LEASE_MS);
    const joined = only(await store.apply("n1:1", [{ ...put("ada", state), known_version }]));
    assert.equal(joined.presence.version, known_version + 1);
    const moved = session("ws_a", { location: "lobby" });
    const old = only(await store.apply("n1:1", [{ ...put("ada", moved), known_version: 1 }]));
    assert.ok(old.presence.version > joined.presence.version);
    const { version } = old.presence;
    const left = { ...leave("ada", state), known_version: version + 7 };
    assert.equal(only(await store.apply("n1:1", [left])).presence.version, version + 8);
  });

  Deno.test(`${name}: changes of one user from two nodes at once get versions of their own`, async () => {
    const { store, other } = await open();
    const rounds = Array.from({ length: 40 }, (_, at) => at);
    await store.openLease("n1:1", LEASE_MS);
    await other.openLease("n2:1", LEASE_MS);
    const outcomes = await Promise.all(rounds.map((at) => {
      const [node, instance] = at % 2 ? [store, "n1:1"] : [other, "n2:1"];
      const state = session(`ws_${instance}`, { instance, updated_at_ms: T0 + at });
      return node.apply(instance, [put("ada", state, T0 + (at % 3))]);
    }));
    const versions = outcomes.map((outcome) => only(outcome).presence.version);
    assert.equal(new Set(versions).size, rounds.length);
    assert.equal((await look(store, "ada")).version, Math.max(...versions));
  });

  Deno.test(`${name}: any user id is a user of its own`, async () => {
    const { store } = await open();
    for (const [at, id] of STRANGE_IDS.entries()) {
      await join(store, id, session(`ws_${at}`, { location: "lobby", name: id }));
    }
    const { presences } = await store.get(STRANGE_IDS);
    for (const [at, id] of STRANGE_IDS.entries()) {
      assert.equal(presences[at]?.user_id, id);
      assert.equal(presences[at]?.name, id);
      assert.equal(presences[at]?.session_id, `ws_${at}`);
    }
    for (const [at, id] of STRANGE_IDS.entries()) {
      const outcome = only(await store.apply("n1:1", [leave(id, session(`ws_${at}`), T0 + 1)]));
      assert.equal(outcome.presence.status, "offline");
      assert.equal(outcome.previous_location, "lobby");
    }
    assert.equal((await store.list({ limit: 500 })).total, 0);
  });

  Deno.test(`${name}: get() answers in the order asked`, async () => {
    const { store } = await open();
    await join(store, "ada", session("ws_a"));
    await join(store, "bob", session("ws_b"));
    const { presences } = await store.get(["bob", "nobody", "ada", "bob"]);
    assert.deepEqual(presences.map((found) => found.session_id), ["ws_b", null, "ws_a", "ws_b"]);
    assert.deepEqual(presences[1], unknownPresence("nobody"));
    assert.deepEqual(await store.get([]), { presences: [], lapsed: [] });
  });

  Deno.test(`${name}: applyNow(), where there is one, does what apply() does`, async () => {
    const [{ store }, { store: twin }] = [await open(), await open()];
    if (store.applyNow === undefined) return;
    await store.openLease("n1:1", LEASE_MS);
    await twin.openLease("n1:1", LEASE_MS);
    const a = session("ws_a", { location: "lobby", name: "Ada" });
    const b = session("ws_b", { connected_at_ms: T0 + 1 });
    const changes = [
      put("ada", a),
      put("ada", a, T0 + 1),
      put("ada", b, T0 + 2),
      leave("ada", a, T0 + 3),
      resume("ada", "ws_a", b, T0 + 4),
      leave("ada", b, T0 + 5),
      leave("ada", b, T0 + 6),
      leave("bob", b, T0 + 6),
    ];
    for (const change of changes) {
      assert.deepEqual(
        store.applyNow("n1:1", change),
        only(await twin.apply("n1:1", [change])),
        change.op,
      );
    }
  });

  Deno.test(`${name}: applyNow() writes nothing without a lease, or for another instance`, async () => {
    const { store } = await open();
    if (store.applyNow === undefined) return;
    const a = session("ws_a");
    assert.equal(store.applyNow("n1:1", put("ada", a)), undefined);
    await store.openLease("n1:1", LEASE_MS);
    await store.openLease("n2:1", LEASE_MS);
    assert.equal(store.applyNow("n2:1", put("ada", a)), undefined);
    assert.deepEqual(await look(store, "ada"), unknownPresence("ada"));
    await store.claim("n1:1", "n2:1", LEASE_MS);
    assert.equal(store.applyNow("n1:1", leave("ada", a))?.changed, false, "a leave needs no lease");
  });

  Deno.test(`${name}: ping() answers`, async () => {
    const { store } = await open();
    await store.ping();
  });
}
