import assert from "node:assert/strict";
import { disturbance } from "./disturbance.ts";
import type { Point } from "./tally.ts";

function second(p99Ms: number, strangers?: { others: number; stolen: number }): Point {
  const counts = { sent: 0, received: 0, errors: 0, rssBytes: [], heapBytes: [] };
  const processors = strangers && { loader: 0.5, servers: 1, ...strangers };
  return { ...counts, atS: 0, p50Ms: 1, p99Ms, maxMs: p99Ms, processors };
}

Deno.test("disturbance() tells seconds apart in which strangers had a tenth of the machine", () => {
  const found = disturbance([
    second(3, { others: 0.1, stolen: 0.05 }),
    second(40, { others: 0, stolen: 0.3 }),
    second(4, { others: 0, stolen: 0 }),
    second(20, { others: 0.15, stolen: 0.15 }),
    second(30, { others: 1, stolen: 0 }),
  ], 2);
  assert.deepEqual(found, { seconds: 3, p99: 30, undisturbedP99: 4 });
});

Deno.test("disturbance() knows of none where the machine was left alone, or does not say", () => {
  const alone = disturbance([second(3, { others: 0, stolen: 0 })], 2);
  assert.deepEqual(alone, { seconds: 0, p99: null, undisturbedP99: 3 });
  assert.equal(disturbance([second(3)], 2), undefined);
});
