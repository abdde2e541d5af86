import assert from "node:assert/strict";
import { RECORD_TTL_MS } from "../../src/presence/record.ts";
import { createMemoryStore } from "../../src/presence/store_memory.ts";
import { leave, look, put, session, T0, WINDOW_MS } from "../conformance/store/builders.ts";
import { testStore } from "../conformance/store.ts";

testStore("memory store", () => {
  const store = createMemoryStore({
    resumeWindowMs: WINDOW_MS,
    now: () => T0 + performance.now(),
  });
  return { store, other: store };
});

Deno.test("memory store: leases lapse by its own clock", async () => {
  let now = T0;
  const store = createMemoryStore({ resumeWindowMs: WINDOW_MS, now: () => now });
  await store.openLease("n1:1", 100);
  await store.apply("n1:1", [put("ada", session("ws_a"))]);
  now += 99;
  assert.equal((await look(store, "ada")).status, "online");
  now += 1;
  assert.equal((await look(store, "ada")).status, "offline");
});

Deno.test("memory store: users who are long gone are forgotten, those online are not", async () => {
  let now = T0;
  const store = createMemoryStore({ resumeWindowMs: WINDOW_MS, now: () => now });
  await store.openLease("n1:1", 2 * RECORD_TTL_MS);
  const staying = session("ws_b");
  await store.apply("n1:1", [put("stays", staying)]);
  await store.apply("n1:1", [put("goes", session("ws_a")), leave("goes", session("ws_a"))]);
  now += RECORD_TTL_MS;
  for (let at = 0; at < 3; at++) {
    await store.apply("n1:1", [put(`new${at}`, session(`ws_${at}`), now)]);
  }
  assert.equal((await look(store, "goes")).version, 0);
  assert.equal((await look(store, "stays")).sessions, 1);
});

Deno.test("memory store: lists from 10,000 users without sorting them anew", async () => {
  const store = createMemoryStore({ resumeWindowMs: WINDOW_MS });
  await store.openLease("n1:1", 60_000);
  for (let at = 0; at < 10_000; at++) {
    const id = `u${(at * 7919) % 10_000}`;
    await store.apply("n1:1", [put(id, session(`ws_${id}`, { location: `zone:${at % 10}` }))]);
  }
  const startedAt = performance.now();
  for (let at = 0; at < 1000; at++) {
    const { total } = await store.list({ limit: 10, location: `zone:${at % 10}` });
    assert.equal(total, 1000);
  }
  // Sorting 10,000 ids takes milliseconds; a thousand times that is out of reach even of slow machines.
  assert.ok(performance.now() - startedAt < 2000);
});
