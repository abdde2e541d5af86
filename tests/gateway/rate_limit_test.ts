import { strict as assert } from "node:assert";
import { RateLimit } from "../../src/gateway/rate_limit.ts";

const T0 = 1_000_000;

/** Verdicts on `count` messages at once. */
function burst(limit: RateLimit, count: number, nowMs: number): string[] {
  return Array.from({ length: count }, () => limit.take(nowMs));
}

Deno.test("take() passes the burst and refuses the rest", () => {
  const limit = new RateLimit(50, 3, T0);
  assert.deepEqual(burst(limit, 5, T0), ["pass", "pass", "pass", "refuse", "refuse"]);
});

Deno.test("tokens flow in at the rate and never past the burst", () => {
  const limit = new RateLimit(50, 3, T0);
  burst(limit, 3, T0);
  assert.deepEqual(burst(limit, 2, T0 + 20), ["pass", "refuse"]);
  assert.deepEqual(burst(limit, 3, T0 + 60), ["pass", "pass", "refuse"]);
  assert.deepEqual(burst(limit, 4, T0 + 60_000), ["pass", "pass", "pass", "refuse"]);
});

Deno.test("a clock that is set back takes nothing away and gives nothing", () => {
  const limit = new RateLimit(50, 2, T0);
  assert.deepEqual(burst(limit, 3, T0 - 5000), ["pass", "pass", "refuse"]);
  assert.equal(limit.take(T0 - 5000 + 20), "pass");
});

Deno.test("retryAfterMs is when the next message passes, to the millisecond", () => {
  for (const rate of [1, 3, 50, 999]) {
    const limit = new RateLimit(rate, 1, T0);
    burst(limit, 2, T0);
    const { retryAfterMs } = limit;
    assert.ok(Number.isInteger(retryAfterMs) && retryAfterMs >= 1);
    assert.equal(limit.take(T0 + retryAfterMs - 1) === "pass", retryAfterMs === 1 && rate > 1000);
    assert.equal(limit.take(T0 + retryAfterMs), "pass", `${rate} a second`);
  }
});

Deno.test("the 500th refusal within 10 s is a flood", () => {
  const limit = new RateLimit(1, 1, T0);
  const verdicts = burst(limit, 501, T0);
  assert.equal(verdicts.indexOf("flood"), 500);
  assert.deepEqual(new Set(verdicts.slice(1, 500)), new Set(["refuse"]));
});

Deno.test("500 refusals in more than 10 s are no flood", () => {
  const limit = new RateLimit(1, 1, T0);
  for (let nowMs = T0; nowMs < T0 + 60_000; nowMs += 25) {
    // About 39 refusals a second.
    assert.notEqual(limit.take(nowMs), "flood");
  }
});

Deno.test("a flood is noticed wherever its 10 s begin", () => {
  for (let quietMs = 0; quietMs < 20_000; quietMs += 1000) {
    const limit = new RateLimit(1, 1, T0);
    burst(limit, 2, T0);
    const verdicts: string[] = [];
    for (let index = 0; index < 540; index++) verdicts.push(limit.take(T0 + quietMs + index * 18));
    assert.ok(verdicts.includes("flood"), `after ${quietMs} ms of quiet`);
  }
});

Deno.test("refusals from before the clock was set back count for nothing", () => {
  const limit = new RateLimit(1, 1, T0);
  for (let index = 0; index < 600; index++) limit.take(T0 + index * 100);
  assert.equal(limit.take(T0 - 3_600_000), "refuse");
});
