import assert from "node:assert/strict";
import { BACKOFF_BASE_MS, BACKOFF_MAX_MS, backoffMs } from "../../src/client/backoff.ts";

const DRAWS = 20_000;

Deno.test("backoffMs() doubles its limit from half a second to twenty seconds", () => {
  const limits = Array.from({ length: 9 }, (_, attempt) => backoffMs(attempt, () => 1));
  assert.deepEqual(limits, [500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000, 20_000]);
  assert.equal(backoffMs(5000, () => 1), BACKOFF_MAX_MS);
  assert.equal(backoffMs(3, () => 0), 0);
});

for (const attempt of [0, 1, 4, 12]) {
  Deno.test(`backoffMs() is uniform between zero and its limit on attempt ${attempt}`, () => {
    const limit = Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** attempt);
    const delays = Array.from({ length: DRAWS }, () => backoffMs(attempt, Math.random));
    // Kolmogorov-Smirnov: beyond 2.6/√n the law would be rejected once in 700,000 runs.
    const sorted = delays.map((delay) => delay / limit).sort((a, b) => a - b);
    const distance = sorted.reduce((worst, value, index) => {
      return Math.max(worst, (index + 1) / DRAWS - value, value - index / DRAWS);
    }, 0);
    assert.ok(distance < 2.6 / Math.sqrt(DRAWS), `distance ${distance} from uniform`);
  });
}
