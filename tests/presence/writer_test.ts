import assert from "node:assert/strict";
import { StoreUnavailableError } from "../../src/presence/store.ts";
import type { Intent } from "../../src/presence/write_queue.ts";
import { LEASE_MS } from "../conformance/store/builders.ts";
import { FakeTime } from "./fake_time.ts";
import { FaultyStore } from "./faulty_store.ts";
import { startWriter } from "./writing.ts";

Deno.test("write() of one change is one call, at once", async () => {
  using time = new FakeTime();
  const { writer, batches } = await startWriter(FaultyStore);
  const outcome = await writer.write("ws_1", { op: "put" });
  assert.equal(outcome.presence.session_id, "ws_1");
  await time.advance(1000);
  await writer.write("ws_2", { op: "put" });
  await time.settle();
  assert.deepEqual(batches(), [["put ws_1"], ["put ws_2"]]);
  assert.equal(writer.queued, 0);
});

Deno.test("write() of many gathers them, 100 in a call at most and four calls at a time", async () => {
  using time = new FakeTime();
  const { writer, store, batches } = await startWriter(FaultyStore);
  store.latencyMs = 300;
  const writes = ids(1000).map((id) => writer.write(id, { op: "put" }));
  await time.advance(250);
  assert.equal(batches().length, 4);
  await time.run(Promise.all(writes));
  const sizes = batches().map((batch) => batch.length);
  assert.ok(sizes.every((size) => size <= 100), sizes.join());
  assert.ok(sizes.length <= 12, `${sizes.length} calls`);
  assert.deepEqual(batches().flat(), ids(1000).map((id) => `put ${id}`));
});

Deno.test("write() while a session's change is under way waits for it, and only the newest counts", async () => {
  using time = new FakeTime();
  const { writer, store, batches } = await startWriter(FaultyStore);
  store.latencyMs = 200;
  const first = writer.write("ws_1", { op: "put" });
  await time.advance(100);
  const later = [1, 2, 3].map(() => writer.write("ws_1", { op: "put" }));
  await time.advance(1000);
  assert.deepEqual(batches(), [["put ws_1"], ["put ws_1"]]);
  assert.equal(
    new Set(await Promise.all(later)).size,
    1,
    "all of them hear of the one that counted",
  );
  assert.notEqual(await first, await later[0]);
});

Deno.test("write() keeps a session's order; what is overtaken is not written", async () => {
  using time = new FakeTime();
  const { writer, store, batches } = await startWriter(FaultyStore);
  store.latencyMs = 100;
  const intents: Intent[] = [
    { op: "put" },
    { op: "put" },
    { op: "resume", fromSessionId: "ws_0" },
    { op: "put" },
    { op: "leave" },
  ];
  for (const intent of intents) void writer.write("ws_1", intent);
  await time.advance(1000);
  assert.deepEqual(batches(), [["put ws_1"], ["put ws_1", "resume ws_1"], ["leave ws_1"]]);
});

Deno.test("write() of a resume keeps away from what is written of the earlier session", async () => {
  using time = new FakeTime();
  const { writer, store, batches } = await startWriter(FaultyStore);
  store.latencyMs = 100;
  writer.pause();
  void writer.write("ws_1", { op: "resume", fromSessionId: "ws_0" });
  void writer.write("ws_0", { op: "put" });
  writer.resume();
  await time.advance(50);
  assert.deepEqual(batches(), [["resume ws_1"]]);
  await time.advance(100);
  assert.deepEqual(batches().slice(1), [["put ws_0"]]);
  void writer.write("ws_2", { op: "put" });
  void writer.write("ws_2", { op: "resume", fromSessionId: "ws_0" });
  await time.advance(20);
  assert.deepEqual(batches().slice(2), [["put ws_2"]]);
  await time.advance(1000);
  assert.deepEqual(batches().slice(3), [["resume ws_2"]]);
});

Deno.test("write() while the store is away fails soon, and is made up for later, once", async () => {
  using time = new FakeTime();
  const { writer, store, batches, outcomes } = await startWriter(FaultyStore);
  store.isAway = true;
  for (let times = 0; times < 3; times++) {
    await assert.rejects(writer.write("ws_1", { op: "put" }), StoreUnavailableError);
  }
  await assert.rejects(writer.write("ws_2", { op: "put" }), StoreUnavailableError);
  assert.deepEqual([writer.isHealthy, writer.queued], [false, 2]);
  await time.advance(60_000);
  const tries = batches().length;
  assert.ok(tries >= 30 && tries <= 36, `${tries} tries in a minute`);
  store.isAway = false;
  await time.advance(2000);
  assert.deepEqual(batches().slice(tries).map((it) => it.toSorted()), [["put ws_1", "put ws_2"]]);
  assert.deepEqual(outcomes.toSorted(), ["ws_1 again", "ws_2 again"]);
  assert.deepEqual([writer.isHealthy, writer.queued], [true, 0]);
});

Deno.test("resume() tries again at once when the store is known to be back", async () => {
  using time = new FakeTime();
  const { writer, store, outcomes } = await startWriter(FaultyStore);
  store.isAway = true;
  writer.write("ws_1", { op: "put" }).catch(() => {});
  await time.advance(30_000);
  store.isAway = false;
  writer.resume();
  await time.settle();
  assert.deepEqual(outcomes, ["ws_1 again"]);
});

Deno.test("a change whose answer was lost is told of as repeated", async () => {
  using time = new FakeTime();
  const { writer, store, outcomes } = await startWriter(FaultyStore);
  store.losesAnswers = true;
  await assert.rejects(writer.write("ws_1", { op: "put" }), StoreUnavailableError);
  store.losesAnswers = false;
  await time.advance(200);
  assert.deepEqual(outcomes, ["ws_1 again, unchanged"]);
});

Deno.test("a lost lease pauses the writer; under a new one everything is written", async () => {
  using time = new FakeTime();
  const { writer, store, memory, batches, outcomes, node } = await startWriter(FaultyStore);
  await memory.claim("n1:1", "n2:1", 1000);
  store.latencyMs = 50;
  const writes = ids(150).map((id) => writer.write(id, { op: "put" }));
  await time.advance(500);
  assert.equal(node.leasesLost, 1, "two calls bring the same news");
  assert.deepEqual(outcomes, []);
  const tried = batches().length;
  await time.advance(10_000);
  assert.equal(batches().length, tried, "nothing is sent without a lease");
  await memory.openLease("n1:2", LEASE_MS);
  writer.resume();
  await time.advance(1000);
  assert.equal((await Promise.all(writes)).length, 150);
  assert.equal(outcomes.length, 150);
});

Deno.test("news of a lost lease that has been replaced by then changes nothing", async () => {
  using time = new FakeTime();
  const { writer, store, memory, node, outcomes } = await startWriter(FaultyStore);
  await memory.claim("n1:1", "n2:1", 1000);
  store.latencyMs = 100;
  const write = writer.write("ws_1", { op: "put" });
  node.instance = "n1:2";
  await memory.openLease("n1:2", LEASE_MS);
  await time.advance(1000);
  assert.equal((await write).changed, true);
  assert.deepEqual([node.leasesLost, outcomes], [0, ["ws_1"]]);
});

Deno.test("one change that the store refuses does not drag the others down", async () => {
  using time = new FakeTime();
  const { writer, store, outcomes, node } = await startWriter(FaultyStore);
  await writer.write("ws_first", { op: "put" });
  store.refuses = (change) => "session" in change && change.session.session_id === "ws_7";
  const writes = ids(100).map((id) => writer.write(id, { op: "put" }));
  const bad = assert.rejects(writes[7] ?? Promise.resolve(), /refused/);
  await time.advance(2000);
  await bad;
  assert.equal(
    (await Promise.allSettled(writes)).filter((it) => it.status === "rejected").length,
    1,
  );
  assert.equal(outcomes.length, 100);
  assert.deepEqual([node.refused, writer.isHealthy], [1, true]);
  assert.ok(store.count("apply") < 20, `${store.count("apply")} calls`);
});

Deno.test("fail() tells whoever waits, and keeps what they wait for", async () => {
  using time = new FakeTime();
  const { writer, outcomes } = await startWriter(FaultyStore);
  writer.pause();
  const write = writer.write("ws_1", { op: "put" });
  writer.fail(new StoreUnavailableError("away"));
  await assert.rejects(write, StoreUnavailableError);
  writer.resume();
  await time.settle();
  assert.deepEqual(outcomes, ["ws_1"]);
});

Deno.test("idle() waits for what is under way, but not for a store that is away", async () => {
  using time = new FakeTime();
  const { writer, store } = await startWriter(FaultyStore);
  await writer.idle();
  store.latencyMs = 100;
  const written = writer.write("ws_1", { op: "put" });
  const seen: string[] = [];
  void written.then(() => seen.push("written"));
  void writer.idle().then(() => seen.push("idle"));
  await time.advance(200);
  assert.deepEqual(seen, ["written", "idle"]);
  store.isAway = true;
  writer.write("ws_1", { op: "put" }).catch(() => {});
  const idle = writer.idle();
  await time.advance(200);
  await idle;
  assert.equal(writer.queued, 1);
});

Deno.test("stop() ends the trying", async () => {
  using time = new FakeTime();
  const { writer, store } = await startWriter(FaultyStore);
  store.isAway = true;
  await assert.rejects(writer.write("ws_1", { op: "put" }), StoreUnavailableError);
  writer.stop();
  await time.advance(10_000);
  assert.equal(store.count("apply"), 1);
});

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `ws_${at}`);
}
