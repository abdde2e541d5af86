import assert from "node:assert/strict";
import { Lease } from "../../src/presence/lease.ts";
import { createMemoryStore } from "../../src/presence/store_memory.ts";
import { put, session, WINDOW_MS } from "../conformance/store/builders.ts";
import { FakeTime } from "./fake_time.ts";
import { FaultyStore } from "./faulty_store.ts";

const TTL_MS = 15_000;

Deno.test("a lease is opened once and renewed three times in its life, at no other cost", async () => {
  using time = new FakeTime();
  const { lease, store, heard } = start();
  await lease.check();
  await time.advance(60_000);
  assert.deepEqual(heard, ["opened n1"]);
  assert.deepEqual([store.count("openLease"), store.count("renewLease")], [1, 12]);
  assert.equal(store.calls.length, 13);
  assert.ok(lease.isHeld && lease.ageMs <= TTL_MS / 3);
  await lease.stop();
  await time.advance(60_000);
  assert.equal(store.calls.length, 13);
});

Deno.test("a lease that is gone is opened anew at once, under a new incarnation", async () => {
  using time = new FakeTime();
  const { lease, store, heard, memory } = start();
  await lease.check();
  const before = lease.instance;
  await memory.claim(before, "n2:1", 1000);
  await lease.check();
  assert.deepEqual(heard, ["opened n1", "lost", "opened n1", "lapsed its past"]);
  assert.notEqual(lease.instance, before);
  assert.ok(lease.isOwn(before) && lease.isOwn(lease.instance) && !lease.isOwn("n1:other-0"));
  assert.deepEqual([lease.isHeld, store.count("openLease")], [true, 2]);
  await time.advance(TTL_MS * 2);
  assert.equal(heard.length, 4 + 6, "it hears of the instance until somebody reaps it");
});

Deno.test("lose() opens a new lease; further such news is no news", async () => {
  using time = new FakeTime();
  const { lease, heard } = start();
  await lease.check();
  lease.lose();
  lease.lose();
  await time.settle();
  assert.deepEqual(heard.slice(0, 3), ["opened n1", "lost", "opened n1"]);
  assert.equal(lease.isHeld, true);
});

Deno.test("what was answered about an instance that is over by then does not count", async () => {
  using time = new FakeTime();
  const { lease, store, heard } = start();
  await lease.check();
  store.latencyMs = 100;
  const checking = lease.check();
  lease.lose();
  await time.advance(1000);
  await checking;
  assert.deepEqual(heard.slice(0, 3), ["opened n1", "lost", "opened n1"]);
  assert.equal(heard.filter((word) => word === "lost").length, 1);
});

Deno.test("a store that is away is asked again soon, and the lease survives it", async () => {
  using time = new FakeTime();
  const { lease, store, heard } = start();
  store.isAway = true;
  await lease.check();
  assert.deepEqual([heard.splice(0), lease.isHeld], [["away"], false]);
  store.isAway = false;
  await time.advance(500);
  assert.deepEqual([heard.splice(0), lease.isHeld], [["opened n1"], true]);
  await time.advance(TTL_MS / 3 - 100);
  store.isAway = true;
  await time.advance(3000);
  assert.ok(heard.length >= 5 && heard.every((word) => word === "away"), heard.join());
  store.isAway = false;
  await time.advance(600);
  assert.equal(lease.isHeld, true);
  assert.ok(lease.ageMs < 600);
});

Deno.test("instances without a lease are told of", async () => {
  using _time = new FakeTime();
  const { lease, memory, heard } = start();
  await memory.openLease("n9:1", 1);
  await memory.apply("n9:1", [put("ada", session("ws_a", { instance: "n9:1" }))]);
  await memory.claim("n9:1", "n8:1", 1);
  await lease.check();
  assert.deepEqual(heard, ["opened n1", "lapsed n9:1"]);
});

Deno.test("when the store was away, others get the time to come back", async () => {
  using time = new FakeTime();
  const { lease, memory, store, heard } = start();
  await lease.check();
  store.isAway = true;
  await memory.openLease("n9:1", 1);
  await memory.claim(lease.instance, "n9:1", 1);
  await time.advance(8000);
  store.isAway = false;
  heard.length = 0;
  await time.advance(1000);
  assert.deepEqual(heard, ["lost", "opened n1", "lapsed its past"]);
  await time.advance(TTL_MS / 3);
  assert.ok(heard.includes("lapsed n9:1"));
});

function start() {
  const heard: string[] = [];
  const memory = createMemoryStore({ resumeWindowMs: WINDOW_MS });
  const store = new FaultyStore(memory);
  const lease: Lease = new Lease({
    store,
    nodeId: "n1",
    ttlMs: TTL_MS,
    onOpened: (instance) => heard.push(`opened ${instance.split(":")[0]}`),
    onHeld: () => {},
    onLost: () => heard.push("lost"),
    onLapsed: (instances) => {
      const name = (instance: string) => lease.isOwn(instance) ? "its past" : instance;
      heard.push(...instances.map((instance) => `lapsed ${name(instance)}`));
    },
    onUnavailable: () => heard.push("away"),
    onError: (error) => heard.push(String(error)),
  });
  return { lease, memory, store, heard };
}
