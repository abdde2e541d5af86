import assert from "node:assert/strict";
import { Snapshots } from "../../src/presence/snapshots.ts";
import type { Instance } from "../../src/presence/store.ts";
import { createMemoryStore } from "../../src/presence/store_memory.ts";
import { idsOf, LEASE_MS, leave, put, session, WINDOW_MS } from "../conformance/store/builders.ts";
import { FakeTime } from "./fake_time.ts";
import { FaultyStore } from "./faulty_store.ts";

Deno.test("of() reads all pages, each user once", async () => {
  const { snapshots, join } = await start();
  await join(1200, "lobby");
  const { presences: everyone } = await snapshots.of({
    all: true,
    locations: ["lobby"],
    users: ["u7", "nobody"],
  });
  assert.equal(everyone.length, 1201);
  assert.equal(new Set(everyone.map((presence) => presence.user_id)).size, 1201);
  assert.equal((await snapshots.of({ locations: ["arena"] })).presences.length, 0);
  assert.equal((await snapshots.of({})).presences.length, 0);
});

Deno.test("of() costs a thousand who ask at once two reads", async () => {
  using time = new FakeTime();
  const { snapshots, store, join } = await start();
  await join(10);
  store.latencyMs = 20;
  const asked = Array.from({ length: 1000 }, () => snapshots.of({ all: true }));
  const answers = await time.run(Promise.all(asked));
  for (const { presences } of answers) assert.equal(presences.length, 10);
  assert.equal(new Set(answers.map(({ json }) => json)).size, 1);
  assert.equal(store.count("list"), 2);
});

Deno.test("of() sees what was written before it was asked for, however busy", async () => {
  using time = new FakeTime();
  const { snapshots, store, join } = await start();
  store.latencyMs = 20;
  const first = snapshots.of({ all: true });
  await time.advance(10);
  await join(1);
  const [second, third] = [snapshots.of({ all: true }), snapshots.of({ all: true })];
  const found = await time.run(Promise.all([first, second, third]));
  assert.deepEqual(found.map(({ presences }) => presences.length), [0, 1, 1]);
});

Deno.test("of() fails for those who shared a read that failed, and for nobody after them", async () => {
  using time = new FakeTime();
  const { snapshots, store } = await start();
  store.latencyMs = 20;
  store.isAway = true;
  const failing = snapshots.of({ all: true });
  await time.advance(10);
  store.isAway = false;
  const waiting = snapshots.of({ all: true });
  await assert.rejects(time.run(failing), /away/);
  assert.deepEqual((await time.run(waiting)).presences, []);
});

Deno.test("a read that comes upon the remains of a dead node has them ended, and reads again", async () => {
  const { snapshots, memory, reaped } = await start();
  const dead = session("ws_x", { instance: "n9:1" });
  await memory.openLease("n9:1", LEASE_MS);
  await memory.apply("n9:1", [put("ada", dead)]);
  await memory.apply("n1:1", [put("ada", session("ws_a")), put("bob", session("ws_b"))]);
  const [before] = (await memory.get(["ada"])).presences;
  await memory.claim("n9:1", "n1:1", LEASE_MS);
  const [ada] = await snapshots.get(["ada"]);
  assert.deepEqual(reaped, ["n9:1"]);
  assert.deepEqual([ada?.sessions, before?.sessions], [1, 2]);
  assert.deepEqual(idsOf(await snapshots.list({ limit: 10 })), ["ada", "bob"]);
  assert.deepEqual(reaped, ["n9:1"]);
});

Deno.test("what is read is shown as the newest that is known of each", async () => {
  const { snapshots, memory, newest } = await start();
  await memory.apply("n1:1", [put("ada", session("ws_a"))]);
  const [ada] = await snapshots.get(["ada"]);
  await memory.apply("n1:1", [leave("ada", session("ws_a"))]);
  if (ada !== undefined) newest.set("ada", { ...ada, version: ada.version + 9 });
  const [shown] = await snapshots.get(["ada"]);
  assert.equal(shown?.version, (ada?.version ?? 0) + 9);
});

async function start() {
  const memory = createMemoryStore({ resumeWindowMs: WINDOW_MS });
  await memory.openLease("n1:1", LEASE_MS);
  const store = new FaultyStore(memory);
  const reaped: Instance[] = [];
  const newest = new Map<string, Awaited<ReturnType<Snapshots["get"]>>[number]>();
  const snapshots = new Snapshots({
    store,
    reap: async (instances) => {
      reaped.push(...instances);
      for (const instance of instances) await memory.reap(instance, Date.now());
    },
    show: (presences) => presences.map((presence) => newest.get(presence.user_id) ?? presence),
  });
  const join = (count: number, location: string | null = null) =>
    memory.apply(
      "n1:1",
      Array.from({ length: count }, (_, at) => put(`u${at}`, session(`ws_${at}`, { location }))),
    );
  return { snapshots, memory, store, reaped, newest, join };
}
