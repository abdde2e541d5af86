import assert from "node:assert/strict";
import { Reaper } from "../../src/presence/reaper.ts";
import type { PresenceStore } from "../../src/presence/store.ts";
import { createMemoryStore } from "../../src/presence/store_memory.ts";
import { LEASE_MS, look, put, session, WINDOW_MS } from "../conformance/store/builders.ts";
import { FakeTime } from "./fake_time.ts";
import { FaultyStore } from "./faulty_store.ts";
import { brief } from "./presences.ts";

Deno.test("of several nodes that notice a death one ends what is left, and tells of it", async () => {
  const { memory } = await start();
  const nodes = ["n1:1", "n2:1", "n3:1"].map((instance) => new Node(memory, instance));
  await Promise.all(nodes.flatMap(({ reaper }) => [reaper.reap("n9:1"), reaper.reap("n9:1")]));
  const told = nodes.flatMap(({ reaped }) => reaped);
  assert.equal(told.length, 1);
  assert.match(told[0] ?? "", /^n9:1: ada offline \d+, bob offline \d+$/);
  assert.equal((await look(memory, "ada")).sessions, 0);
});

Deno.test("a node that cannot reach the store tries until it can", async () => {
  using time = new FakeTime();
  const { memory } = await start();
  const { reaper, reaped, store } = new Node(memory, "n1:1");
  store.isAway = true;
  await reaper.reap("n9:1");
  await time.advance(3000);
  store.isAway = false;
  await time.advance(300);
  assert.equal(reaped.length, 1);
  await time.advance(10_000);
  assert.equal(reaped.length, 1);
});

Deno.test("a claim whose answer was lost is still the claimer's", async () => {
  using time = new FakeTime();
  const { memory } = await start();
  const { reaper, reaped, store } = new Node(memory, "n1:1");
  store.losesAnswers = true;
  await reaper.reap("n9:1");
  store.losesAnswers = false;
  await time.advance(300);
  assert.equal(reaped.length, 1);
});

Deno.test("reap() never ends the instance that this node is", async () => {
  const { memory } = await start();
  const { reaper, store } = new Node(memory, "n9:1");
  await reaper.reap("n9:1");
  assert.equal(store.calls.length, 0);
  await reaper.reapSelf();
  assert.equal((await look(memory, "ada")).sessions, 0);
});

Deno.test("stop() ends the trying", async () => {
  using time = new FakeTime();
  const { memory } = await start();
  const { reaper, store } = new Node(memory, "n1:1");
  store.isAway = true;
  await reaper.reap("n9:1");
  reaper.stop();
  await time.advance(5000);
  assert.equal(store.calls.length, 1);
});

class Node {
  readonly reaped: string[] = [];
  readonly store: FaultyStore;
  readonly reaper: Reaper;

  constructor(memory: PresenceStore, instance: string) {
    this.store = new FaultyStore(memory);
    this.reaper = new Reaper({
      store: this.store,
      instance: () => instance,
      ready: () => Promise.resolve(),
      onReaped: (dead, outcomes) => {
        const users = outcomes.map(({ presence }) => brief(presence)).toSorted();
        this.reaped.push(`${dead}: ${users.join(", ")}`);
      },
      onError: (error) => this.reaped.push(String(error)),
    });
  }
}

/** A store with the remains of a dead node. */
async function start() {
  const memory = createMemoryStore({ resumeWindowMs: WINDOW_MS });
  await memory.openLease("n9:1", LEASE_MS);
  const sessions = ["ada", "bob"].map((id) => put(id, session(`ws_${id}`, { instance: "n9:1" })));
  await memory.apply("n9:1", sessions);
  return { memory };
}
