/**
 * Who lives, who is declared dead, and what becomes of their sessions.
 *
 * @module
 */
import assert from "node:assert/strict";
import { LeaseLostError } from "../../../src/presence/store.ts";
import { until } from "../../support/wait.ts";
import {
  idsOf,
  join,
  lapse,
  LEASE_MS,
  leave,
  look,
  only,
  type OpenStores,
  put,
  session,
  T0,
} from "./builders.ts";

/** Registers the tests. */
export function testLeases(name: string, open: OpenStores): void {
  Deno.test(`${name}: a lease is held until it lapses, and is not revived`, async () => {
    const { store, other } = await open();
    const alone = { held: true, lapsed: [], others: [] };
    assert.deepEqual(await store.openLease("n1:1", LEASE_MS), alone);
    assert.deepEqual(await store.renewLease("n1:1", LEASE_MS), alone);
    assert.deepEqual(await other.openLease("n2:1", LEASE_MS), { ...alone, others: ["n1:1"] });
    assert.deepEqual(await store.renewLease("n1:1", LEASE_MS), { ...alone, others: ["n2:1"] });
    await lapse(store, "n1:1");
    assert.deepEqual(await store.renewLease("n1:1", LEASE_MS), {
      held: false,
      lapsed: ["n1:1"],
      others: ["n2:1"],
    });
    assert.deepEqual(await other.renewLease("n2:1", LEASE_MS), { ...alone, lapsed: ["n1:1"] });
    await assert.rejects(store.apply("n1:1", [put("ada", session("ws_a"))]), LeaseLostError);
    const { lapsed } = await store.openLease("n1:2", LEASE_MS);
    assert.deepEqual(lapsed, ["n1:1"]);
    await store.reap("n1:1", T0);
    assert.deepEqual((await store.renewLease("n1:2", LEASE_MS)).lapsed, []);
    const unheard = await store.renewLease("n9:1", LEASE_MS);
    assert.equal(unheard.held, false);
  });

  Deno.test(`${name}: renewing prolongs a lease`, async () => {
    const { store } = await open();
    await store.openLease("n1:1", 1500);
    await store.renewLease("n1:1", LEASE_MS);
    await store.openLease("n2:1", 1500);
    await until(
      async () => (await store.list({ limit: 1 })).lapsed.length > 0,
      { what: "a lease to lapse" },
    );
    assert.deepEqual((await store.list({ limit: 1 })).lapsed, ["n2:1"]);
  });

  Deno.test(`${name}: sessions of a lapsed node are gone for every reader`, async () => {
    const { store, other } = await open();
    const { presence } = await join(store, "ada", session("ws_a", { location: "lobby" }));
    await join(store, "bob", session("ws_b", { instance: "n2:1" }));
    const left = session("ws_b2", { updated_at_ms: T0 + 1 });
    const merged = await join(store, "bob", left);
    await lapse(store, "n1:1");
    const { presences, lapsed } = await other.get(["ada", "bob"]);
    assert.deepEqual(lapsed, ["n1:1"]);
    const [ada, bob] = presences;
    assert.deepEqual([ada?.status, ada?.location, ada?.sessions], ["offline", null, 0]);
    assert.equal(ada?.version, presence.version + 1, "newer than what watchers have");
    assert.deepEqual([bob?.session_id, bob?.sessions], ["ws_b", 1]);
    assert.equal(bob?.version, merged.presence.version + 1);
    assert.deepEqual(await other.sessionsOf("ada"), []);
    assert.deepEqual((await other.sessionsOf("bob")).map((one) => one.session_id), ["ws_b"]);
    assert.deepEqual(await other.sessionsOf("nobody"), []);
  });

  Deno.test(`${name}: what follows is newer than what a reader saw of a lapsed node`, async () => {
    const { store } = await open();
    await join(store, "ada", session("ws_a"));
    await join(store, "bob", session("ws_b"));
    await lapse(store, "n1:1");
    const seen = (await store.get(["ada", "bob"])).presences;
    const back = await join(store, "ada", session("ws_a", { instance: "n1:2" }), T0 - 60_000);
    assert.ok(back.presence.version > (seen[0]?.version ?? Infinity));
    const reaped = only(await store.reap("n1:1", T0 - 60_000));
    assert.equal(reaped.presence.user_id, "bob");
    assert.ok(reaped.presence.version > (seen[1]?.version ?? Infinity));
  });

  Deno.test(`${name}: of those who claim an instance one gets it`, async () => {
    const { store, other } = await open();
    await join(store, "ada", session("ws_a"));
    const claims = await Promise.all(
      ["n2:1", "n3:1", "n4:1", "n5:1"].map((claimer, at) =>
        (at % 2 ? store : other).claim("n1:1", claimer, LEASE_MS)
      ),
    );
    assert.equal(claims.filter(Boolean).length, 1);
    assert.equal((await look(other, "ada")).status, "offline", "the claim ends the lease");
    assert.equal((await store.renewLease("n1:1", LEASE_MS)).held, false);
    const winner = ["n2:1", "n3:1", "n4:1", "n5:1"][claims.indexOf(true)] ?? "";
    assert.equal(await other.claim("n1:1", winner, LEASE_MS), true, "asking again is harmless");
    await store.reap("n1:1", T0 + 1);
    assert.equal(await other.claim("n1:1", "n6:1", LEASE_MS), false, "nothing is left to claim");
    assert.equal(await other.claim("never:1", "n6:1", LEASE_MS), false);
  });

  Deno.test(`${name}: a claimer that dies over it loses the claim`, async () => {
    const { store } = await open();
    await join(store, "ada", session("ws_a"));
    assert.equal(await store.claim("n1:1", "n2:1", 50), true);
    await until(
      () => store.claim("n1:1", "n3:1", LEASE_MS),
      { what: "the claim to lapse" },
    );
    assert.equal(only(await store.reap("n1:1", T0 + 1)).presence.user_id, "ada");
  });

  Deno.test(`${name}: reap() ends what the instance holds and says so once`, async () => {
    const { store, other } = await open();
    await store.openLease("n1:1", LEASE_MS);
    const ids = Array.from({ length: 450 }, (_, at) => `u${at}`);
    await store.apply("n1:1", ids.map((id) => put(id, session(id, { location: "lobby" }))));
    await join(store, "u7", session("a_else", { instance: "n2:1" }));
    await store.apply("n1:1", [leave("u8", session("u8"))]);
    await store.claim("n1:1", "n2:1", LEASE_MS);

    const outcomes = await store.reap("n1:1", T0 + 5);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.presence.user_id).toSorted(),
      ids.filter((id) => id !== "u8").toSorted(),
    );
    for (const { presence, previous_location, changed } of outcomes) {
      assert.equal(presence.sessions, presence.user_id === "u7" ? 1 : 0);
      assert.equal(presence.last_seen, new Date(T0 + 5).toISOString());
      assert.equal(previous_location, "lobby");
      assert.equal(changed, true);
    }
    const { total, lapsed, presences } = await other.list({ limit: 9 });
    assert.deepEqual([total, lapsed, idsOf({ presences })], [1, [], ["u7"]]);
    assert.equal((await other.list({ limit: 9, location: "lobby" })).total, 0);
    assert.deepEqual(await other.reap("n1:1", T0 + 6), []);
    assert.deepEqual(await other.reap("never:1", T0), []);
  });

  Deno.test(`${name}: two who reap at once do no harm`, async () => {
    const { store, other } = await open();
    await store.openLease("n1:1", LEASE_MS);
    const ids = Array.from({ length: 300 }, (_, at) => `u${at}`);
    await store.apply("n1:1", ids.map((id) => put(id, session(id))));
    const reaped = await Promise.all([store.reap("n1:1", T0 + 1), other.reap("n1:1", T0 + 2)]);
    const versions = new Map<string, number>();
    for (const { presence } of reaped.flat()) {
      assert.equal(presence.status, "offline");
      const version = versions.get(presence.user_id) ?? presence.version;
      assert.equal(presence.version, version, "each user went offline once");
      versions.set(presence.user_id, version);
    }
    assert.equal(versions.size, ids.length);
    assert.deepEqual(await store.reap("n1:1", T0 + 3), []);
  });

  Deno.test(`${name}: a session that went on elsewhere outlives its old instance`, async () => {
    const { store, other } = await open();
    const state = session("ws_a", { location: "lobby" });
    const before = await join(store, "ada", state);
    await lapse(store, "n1:1");
    const moved = { ...state, instance: "n1:2" };
    const after = await join(store, "ada", moved, T0 + 4);
    assert.equal(after.changed, true);
    assert.ok(after.presence.version > before.presence.version);
    assert.equal(after.presence.sessions, 1);
    assert.deepEqual(await other.reap("n1:1", T0 + 5), []);
    assert.deepEqual(await other.get(["ada"]), { presences: [after.presence], lapsed: [] });
    assert.deepEqual((await other.reap("n1:2", T0 + 6)).length, 1);
  });

  Deno.test(`${name}: an instance can reap itself at its end`, async () => {
    const { store } = await open();
    await join(store, "ada", session("ws_a"));
    assert.equal((await store.reap("n1:1", T0 + 1)).length, 1);
    await assert.rejects(store.apply("n1:1", [put("ada", session("ws_a"))]), LeaseLostError);
    assert.deepEqual((await store.openLease("n2:1", LEASE_MS)).lapsed, []);
  });
}
