import assert from "node:assert/strict";
import { REPLAY_MAX_BYTES } from "../../src/events/limits.ts";
import { droppedEarly, MissedEntries } from "../../src/events/missed_entries.ts";
import type { StreamPosition } from "../../src/events/stream_position.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const LIMITS = { windowMs: 60_000, maxBytes: 100_000_000, maxPerUser: 10 };

/** A full stream that keeps the messages 101 to 200, of the last minute. */
const FULL: StreamPosition = {
  createdAtMs: 0,
  first: 101,
  firstAtMs: NOW_MS - 30_000,
  last: 200,
  lastAtMs: NOW_MS,
  bytes: 99_999_000,
  maxBytes: 100_000_000,
  maxPerSubject: 10,
  leader: "",
  republishesInOrder: true,
};

const EMPTY: StreamPosition = { ...FULL, first: 201, firstAtMs: Infinity, bytes: 0 };

Deno.test("droppedEarly() is true where a full stream begins behind what was missed", () => {
  assert.equal(droppedEarly(FULL, 50, LIMITS, NOW_MS), true);
  assert.equal(droppedEarly(FULL, 99, LIMITS, NOW_MS), true);
});

Deno.test("droppedEarly() is false where nothing after the last known message went", () => {
  assert.equal(droppedEarly(FULL, 100, LIMITS, NOW_MS), false);
  assert.equal(droppedEarly(FULL, 150, LIMITS, NOW_MS), false);
});

Deno.test("droppedEarly() is false where the messages before went by age", () => {
  assert.equal(droppedEarly({ ...FULL, bytes: 50_000_000 }, 50, LIMITS, NOW_MS), false);
  assert.equal(droppedEarly({ ...FULL, firstAtMs: NOW_MS - 64_000 }, 50, LIMITS, NOW_MS), false);
  assert.equal(droppedEarly({ ...EMPTY, lastAtMs: NOW_MS - 65_000 }, 50, LIMITS, NOW_MS), false);
});

Deno.test("droppedEarly() is true where nothing is left, and the newest was not old enough to go", () => {
  assert.equal(droppedEarly(EMPTY, 199, LIMITS, NOW_MS), true);
  assert.equal(droppedEarly(EMPTY, 200, LIMITS, NOW_MS), false);
});

Deno.test("MissedEntries gives up on a full subject, and on more than one replay may hold", () => {
  const message = (count: number, text = `{"type":"t"}`) => ({
    to: { user_id: "ann" },
    count,
    subject: "s",
    text,
    storedAtMs: NOW_MS,
  });
  const full = new MissedEntries(3, (count) => count, () => {});
  const take = full.lane(100);
  for (const count of [1, 2]) take(message(count));
  assert.equal(full.result().entries.length, 2);
  take(message(3));
  assert.deepEqual(full.result(), { complete: false, entries: [] });

  const large = new MissedEntries(100, (count) => count, () => {});
  large.lane(100)(message(1, JSON.stringify({ type: "t", payload: "x".repeat(REPLAY_MAX_BYTES) })));
  assert.ok(large.overflowed);
});

Deno.test("MissedEntries leaves out what came after the limit, and what is malformed", () => {
  const malformed: string[] = [];
  const missed = new MissedEntries(100, (count) => count, (subject) => malformed.push(subject));
  const take = missed.lane(2);
  for (const [count, text] of [[1, "?"], [2, `{"message":"m"}`], [3, `{"message":"m"}`]] as const) {
    take({ to: "everyone", count, subject: "s", text, storedAtMs: NOW_MS });
  }
  assert.deepEqual(missed.result().entries.map(({ seq }) => seq), [2]);
  assert.deepEqual(malformed, ["s"]);
});
