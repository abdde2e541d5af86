import assert from "node:assert/strict";
import type { EventEntry } from "../../src/events/stream.ts";
import { EventLine } from "../../src/gateway/event_line.ts";
import {
  type LinkedConnection,
  type LinkedOptions,
  openLinked,
} from "../gateway/linked_connection.ts";
import { until } from "../support/wait.ts";
import { entry } from "./entries.ts";

interface Place extends LinkedConnection {
  readonly line: EventLine;
  /** The `seq` of what the client got, in that order. */
  readonly seqs: () => unknown[];
}

function openLine(host: LinkedOptions["host"] = {}): Place {
  const caughtUp = { flow() {} };
  const linked = openLinked({ host: { ...host, onCaughtUp: () => caughtUp.flow() } });
  const line = new EventLine(
    linked.connection,
    ({ seq, params }) => JSON.stringify({ seq, ...params }),
  );
  caughtUp.flow = () => line.flow();
  return { ...linked, line, seqs: () => linked.client.messages.map(({ seq }) => seq) };
}

function entries(...seqs: readonly number[]): EventEntry[] {
  return seqs.map((seq) => entry(seq));
}

Deno.test("EventLine.take() sends at once, each entry once", () => {
  using place = openLine();
  for (const seq of [3, 5, 5, 4, 9]) place.line.take(entry(seq));
  assert.deepEqual(place.seqs(), [3, 5, 9]);
});

Deno.test("EventLine.hold() keeps entries back until release()", () => {
  using place = openLine();
  place.line.hold();
  for (const seq of [3, 5]) place.line.take(entry(seq));
  place.line.flow();
  assert.deepEqual(place.seqs(), []);
  place.line.release();
  assert.deepEqual(place.seqs(), [3, 5]);
  place.line.take(entry(6));
  assert.deepEqual(place.seqs(), [3, 5, 6]);
});

Deno.test("EventLine.goOn() puts what was missed before what waits, without doubles", () => {
  using place = openLine();
  place.line.hold();
  for (const seq of [7, 8, 12]) place.line.take(entry(seq));
  assert.equal(place.line.goOn(4, entries(5, 6, 7, 8)), 4);
  assert.deepEqual(place.seqs(), []);
  place.line.release();
  assert.deepEqual(place.seqs(), [5, 6, 7, 8, 12]);
});

Deno.test("EventLine.goOn() skips what the client has got elsewhere", () => {
  using place = openLine();
  place.line.hold();
  for (const seq of [7, 8, 12]) place.line.take(entry(seq));
  assert.equal(place.line.goOn(8, entries(12)), 1);
  place.line.release();
  assert.deepEqual(place.seqs(), [12]);
});

Deno.test("EventLine.goOn() refuses what would come after later entries", () => {
  using place = openLine();
  for (const seq of [7, 8]) place.line.take(entry(seq));
  place.line.hold();
  place.line.take(entry(9));
  assert.equal(place.line.goOn(4, entries(5, 7, 8, 9)), undefined);
  place.line.release();
  place.line.take(entry(10));
  assert.deepEqual(place.seqs(), [7, 8, 9, 10]);
});

Deno.test("EventLine.goOn() is content when only sent entries were missed", () => {
  using place = openLine();
  for (const seq of [7, 8]) place.line.take(entry(seq));
  place.line.hold();
  assert.equal(place.line.goOn(6, entries(7, 8, 9)), 1);
  place.line.release();
  assert.deepEqual(place.seqs(), [7, 8, 9]);
});

Deno.test("EventLine.goOn() a second time sends nothing again", () => {
  using place = openLine();
  place.line.hold();
  assert.equal(place.line.goOn(4, entries(5, 6)), 2);
  assert.equal(place.line.goOn(4, entries(5, 6, 7)), 3);
  place.line.release();
  assert.deepEqual(place.seqs(), [5, 6, 7]);
  place.line.hold();
  assert.equal(place.line.goOn(4, entries(5, 6, 7, 8)), 1);
  place.line.release();
  assert.deepEqual(place.seqs(), [5, 6, 7, 8]);
});

Deno.test("EventLine.release() goes as fast as the client reads, past any limit", async () => {
  using place = openLine({ sendQueueBytes: 4096 });
  const payload = "x".repeat(1000);
  const missed = Array.from({ length: 200 }, (_, index) => entry(index + 1, payload));
  place.client.pause();
  place.line.hold();
  place.line.goOn(0, missed);
  place.line.release();
  assert.ok(place.connection.outbox.unreadBytes < 4096 * 2);
  place.line.take(entry(201));
  await until(() => {
    place.client.read(3);
    return place.seqs().length === 201;
  }, { what: "all entries", intervalMs: 1 });
  assert.deepEqual(place.seqs(), Array.from({ length: 201 }, (_, index) => index + 1));
  assert.deepEqual(place.ends, []);
});

for (
  const [what, count, payload] of [
    ["too many entries", 50_001, null],
    ["too much text", 90, "x".repeat(100_000)],
  ] as const
) {
  Deno.test(`EventLine.take() ends a connection for which ${what} would wait`, () => {
    using place = openLine();
    place.line.hold();
    for (let seq = 1; seq < count - 5; seq++) place.line.take(entry(seq, payload));
    if (payload === null) assert.deepEqual(place.ends, []);
    for (let seq = count - 5; seq <= count; seq++) place.line.take(entry(seq, payload));
    assert.deepEqual(place.ends, [{ code: 4408, isClean: true }]);
    const [last] = place.client.messages;
    assert.deepEqual(last?.["method"], "system.error");
  });
}
