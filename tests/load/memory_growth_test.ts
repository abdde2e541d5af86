import assert from "node:assert/strict";
import { memoryGrowth } from "./memory_growth.ts";
import type { Point } from "./tally.ts";

function timeline(seconds: number, rssAt: (atS: number) => number[]): Point[] {
  const counts = { sent: 0, received: 0, errors: 0, heapBytes: [], processors: undefined };
  const rest = { ...counts, p50Ms: 0, p99Ms: 0, maxMs: 0 };
  return Array.from({ length: seconds }, (_, atS) => ({ ...rest, atS, rssBytes: rssAt(atS) }));
}

Deno.test("memoryGrowth() compares the end with minute ten, all gateways together", () => {
  const points = timeline(3600, (atS) => atS < 400 ? [10, 10] : atS < 3000 ? [50, 50] : [60, 45]);
  assert.equal(Math.round(memoryGrowth(points)), 5);
});

Deno.test("memoryGrowth() compares a shorter run with the end of its first quarter", () => {
  assert.equal(memoryGrowth(timeline(400, (atS) => atS <= 100 ? [100] : [150])), 50);
});

Deno.test("memoryGrowth() is not known of a short run, nor of gateways that do not say", () => {
  assert.ok(Number.isNaN(memoryGrowth(timeline(30, () => [1]))));
  assert.ok(Number.isNaN(memoryGrowth(timeline(400, () => []))));
});
