import assert from "node:assert/strict";
import { LEASE_MS } from "../conformance/store/builders.ts";
import { FakeTime } from "./fake_time.ts";
import { FaultyInProcessStore } from "./faulty_store.ts";
import { startWriter } from "./writing.ts";

Deno.test("write() to a store in its process is done when it returns, in order, and never queued", async () => {
  using _time = new FakeTime();
  const { writer, store, outcomes } = await startWriter(FaultyInProcessStore);
  const joined = writer.write("ws_1", { op: "put" });
  writer.post("ws_1", { op: "leave" });
  writer.post("ws_2", { op: "put" });
  assert.deepEqual(outcomes, ["ws_1", "ws_1", "ws_2"]);
  assert.equal(writer.queued, 0);
  assert.deepEqual([store.count("applyNow"), store.count("apply")], [3, 0]);
  assert.equal((await joined).presence.status, "online");
});

Deno.test("write() to a store in its process waits behind what waits", async () => {
  using time = new FakeTime();
  const { writer, store, outcomes, batches } = await startWriter(FaultyInProcessStore);
  writer.pause();
  writer.post("ws_1", { op: "put" });
  store.latencyMs = 50;
  writer.resume();
  store.latencyMs = 0;
  writer.post("ws_1", { op: "leave" });
  writer.post("ws_2", { op: "put" });
  assert.deepEqual(outcomes, []);
  await time.advance(100);
  assert.deepEqual(outcomes.toSorted(), ["ws_1", "ws_1", "ws_2"]);
  assert.deepEqual(batches().flat().filter((it) => it.endsWith("ws_1")), [
    "put ws_1",
    "leave ws_1",
  ]);
  writer.post("ws_2", { op: "leave" });
  assert.equal(outcomes.length, 4, "nothing waits any more");
});

Deno.test("write() to a store in its process without a lease is kept until there is one", async () => {
  using time = new FakeTime();
  const { writer, memory, outcomes, node } = await startWriter(FaultyInProcessStore);
  await memory.claim("n1:1", "n2:1", 1000);
  const write = writer.write("ws_1", { op: "put" });
  await time.settle();
  assert.deepEqual([outcomes, node.leasesLost], [[], 1]);
  await memory.openLease("n1:2", LEASE_MS);
  writer.resume();
  await time.settle();
  assert.equal((await write).changed, true);
  assert.deepEqual(outcomes, ["ws_1"]);
});
