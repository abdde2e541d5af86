/**
 * Which users are listed, in which order, page by page.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { InvalidCursorError, type PresenceStore } from "../../../src/presence/store.ts";
import {
  idsOf,
  join,
  lapse,
  LEASE_MS,
  leave,
  type OpenStores,
  pagesOf,
  put,
  session,
  STRANGE_IDS,
  T0,
} from "./builders.ts";

/** Registers the tests. */
export function testListing(name: string, open: OpenStores): void {
  Deno.test(`${name}: list() orders users by the bytes of their ids`, async () => {
    const { store } = await open();
    for (const [at, id] of STRANGE_IDS.entries()) {
      await join(store, id, session(`ws_${at}`, { location: at % 2 ? "a" : "b" }));
    }
    const sorted = STRANGE_IDS.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const limit of [1, 2, 7, 500]) {
      assert.deepEqual(await listAll(store, undefined, limit), sorted);
      const there = sorted.filter((id) => STRANGE_IDS.indexOf(id) % 2 === 1);
      assert.deepEqual(await listAll(store, "a", limit), there);
    }
  });

  Deno.test(`${name}: list() tells the total on every page and null at the end`, async () => {
    const { store } = await open();
    assert.deepEqual(await store.list({ limit: 5 }), {
      presences: [],
      lapsed: [],
      cursor: null,
      total: 0,
    });
    for (const id of ["a", "b", "c"]) await join(store, id, session(`ws_${id}`));
    const first = await store.list({ limit: 2 });
    assert.equal(first.total, 3);
    assert.ok(first.cursor);
    const second = await store.list({ limit: 2, cursor: first.cursor });
    assert.deepEqual(idsOf(second), ["c"]);
    assert.equal(second.total, 3);
    assert.equal(second.cursor, null);
    assert.equal((await store.list({ limit: 3 })).cursor, null, "no empty page at the end");
  });

  Deno.test(`${name}: list() follows users from location to location`, async () => {
    const { store } = await open();
    const at = async (location: string) => idsOf(await store.list({ location, limit: 9 }));
    const a = session("ws_a", { location: "lobby" });
    await join(store, "ada", a);
    await join(store, "bob", session("ws_b", { location: "lobby2" }));
    await join(store, "cyd", session("ws_c"));
    assert.deepEqual(await at("lobby"), ["ada"], "no other location that begins the same");
    await join(store, "ada", { ...a, location: "lobby2", updated_at_ms: T0 + 1 });
    assert.deepEqual([await at("lobby"), await at("lobby2")], [[], ["ada", "bob"]]);
    await join(store, "ada", { ...a, location: null, updated_at_ms: T0 + 2 });
    assert.deepEqual(await at("lobby2"), ["bob"]);
    await store.apply("n1:1", [leave("ada", a)]);
    assert.deepEqual(idsOf(await store.list({ limit: 9 })), ["bob", "cyd"]);
  });

  Deno.test(`${name}: list() refuses a cursor that is not of this list`, async () => {
    const { store } = await open();
    for (const id of ["a", "b"]) await join(store, id, session(`ws_${id}`, { location: "lobby" }));
    const { cursor } = await store.list({ limit: 1, location: "lobby" });
    assert.ok(cursor);
    const wrong = [
      { limit: 1, cursor },
      { limit: 1, cursor, location: "arena" },
      { limit: 1, cursor: `${cursor}=`, location: "lobby" },
      ...["", "a", "!", "//8", "x".repeat(2000), "L", btoa("/"), "😀"].map((text) => (
        { limit: 1, cursor: text }
      )),
    ];
    for (const query of wrong) await assert.rejects(store.list(query), InvalidCursorError);
  });

  Deno.test(`${name}: paging meets everyone who stays, once, while others come and go`, async () => {
    const { store, other } = await open();
    await store.openLease("n1:1", LEASE_MS);
    const staying = Array.from({ length: 1000 }, (_, at) => `s${at}`);
    for (let start = 0; start < staying.length; start += 250) {
      const chunk = staying.slice(start, start + 250);
      await store.apply("n1:1", chunk.map((id) => put(id, session(`ws_${id}`))));
    }
    const met: string[] = [];
    let cursor: string | null | undefined;
    for (let page = 0; cursor !== null; page++) {
      const found = await other.list({ limit: 64, ...(cursor && { cursor }) });
      met.push(...idsOf(found).filter((id) => id.startsWith("s")));
      cursor = found.cursor;
      const guest = session(`ws_guest${page}`, { location: "lobby" });
      await store.apply("n1:1", [
        put(`r${page}`, guest),
        put(`s5${page}x`.replace("s", "t"), session(`ws_t${page}`)),
        ...(page > 0 ? [leave(`r${page - 1}`, session(`ws_guest${page - 1}`))] : []),
      ]);
    }
    assert.deepEqual(met, staying.toSorted());
  });

  Deno.test(`${name}: nobody of a node whose lease lapsed is listed or counted`, async () => {
    const { store, other } = await open();
    for (const id of ["a", "b", "c", "d", "e", "f"]) {
      const instance = "bdf".includes(id) ? "n2:1" : "n1:1";
      await join(store, id, session(`ws_${id}`, { instance, location: "lobby" }));
    }
    await lapse(store, "n2:1");
    for (const query of [{ limit: 2 }, { limit: 2, location: "lobby" }]) {
      const first = await other.list(query);
      assert.deepEqual([idsOf(first), first.total, first.lapsed], [["a", "c"], 3, ["n2:1"]]);
      assert.ok(first.cursor);
      const second = await other.list({ ...query, cursor: first.cursor });
      assert.deepEqual([idsOf(second), second.total, second.cursor], [["e"], 3, null]);
    }
    await store.reap("n2:1", T0 + 1);
    const reaped = await other.list({ limit: 9 });
    assert.deepEqual([idsOf(reaped), reaped.total, reaped.lapsed], [["a", "c", "e"], 3, []]);
  });

  Deno.test(`${name}: a user with a session left is listed where that one is`, async () => {
    const { store, other } = await open();
    const dead = session("ws_dead", { instance: "n2:1", location: "arena", updated_at_ms: T0 });
    await join(store, "ada", session("ws_a", { location: "lobby" }));
    await join(store, "ada", dead);
    await join(store, "bob", session("ws_b", { location: "lobby" }));
    await join(store, "cyd", { ...dead, session_id: "ws_cyd" });
    assert.deepEqual(idsOf(await other.list({ limit: 9, location: "arena" })), ["ada", "cyd"]);
    await lapse(store, "n2:1");
    const [lobby, arena, all] = [
      await other.list({ limit: 1, location: "lobby" }),
      await other.list({ limit: 9, location: "arena" }),
      await other.list({ limit: 9 }),
    ];
    assert.deepEqual([idsOf(lobby), lobby.total], [["ada"], 2]);
    assert.equal(lobby.presences[0]?.session_id, "ws_a");
    assert.deepEqual([idsOf(arena), arena.total], [[], 0]);
    assert.deepEqual([idsOf(all), all.total], [["ada", "bob"], 2]);
  });
}

async function listAll(
  store: PresenceStore,
  location: string | undefined,
  limit: number,
): Promise<string[]> {
  const pages = await pagesOf(store, location, limit);
  for (const page of pages) assert.ok(page.presences.length <= limit);
  return pages.flatMap(idsOf);
}
