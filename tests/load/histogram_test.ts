import assert from "node:assert/strict";
import { Histogram } from "./histogram.ts";

function filled(valuesMs: Iterable<number>): Histogram {
  const histogram = new Histogram();
  for (const value of valuesMs) histogram.record(value);
  return histogram;
}

/** Within 1 %, or one µs. */
function assertNear(actual: number, expected: number): void {
  const tolerance = Math.max(expected / 100, 0.001);
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not near ${expected}`);
}

Deno.test("percentile() is near the exact one, from µs to minutes", () => {
  for (const unit of [0.001, 0.01, 1, 17, 400]) {
    const histogram = filled(Array.from({ length: 1000 }, (_, index) => (index + 1) * unit));
    for (const percent of [1, 50, 90, 99, 99.9, 100]) {
      assertNear(histogram.percentile(percent), percent * 10 * unit);
    }
  }
});

Deno.test("percentile() never exceeds the largest", () => {
  const histogram = filled([1, 2, 777.777]);
  assert.equal(histogram.percentile(100), histogram.maxMs);
  assert.equal(histogram.maxMs, 777.777);
});

Deno.test("an empty histogram says 0", () => {
  const histogram = new Histogram();
  assert.deepEqual(
    [histogram.count, histogram.meanMs, histogram.maxMs, histogram.percentile(99)],
    [0, 0, 0, 0],
  );
});

Deno.test("record() counts a negative duration as none, and a huge one as the longest", () => {
  const histogram = filled([-5, 3_600_000]);
  assert.equal(histogram.percentile(50), 0);
  assert.equal(histogram.count, 2);
});

Deno.test("merge() adds what take() took, which empties", () => {
  const first = filled([1, 2, 3]);
  const second = filled([4, 500]);
  first.merge(structuredClone(second.take()));
  assert.equal(second.count, 0);
  assert.equal(first.count, 5);
  assert.equal(first.meanMs, 102);
  assertNear(first.percentile(60), 3);
  assert.equal(first.maxMs, 500);
});
