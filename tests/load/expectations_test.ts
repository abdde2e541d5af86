import assert from "node:assert/strict";
import { judge, parseExpectations } from "./expectations.ts";

function verdicts(text: string, measures: Record<string, number>): boolean[] {
  return judge(parseExpectations(text), new Map(Object.entries(measures))).map(({ isMet }) =>
    isMet
  );
}

Deno.test("an expectation is an upper bound, or with >= a lower one", () => {
  assert.deepEqual(verdicts("p99=100ms", { p99: 100 }), [true]);
  assert.deepEqual(verdicts("p99<=100ms", { p99: 100.1 }), [false]);
  assert.deepEqual(verdicts("rate>=990", { rate: 989 }), [false]);
  assert.deepEqual(verdicts("rate>=990, ping.p99=5ms", { rate: 990, "ping.p99": 4 }), [true, true]);
});

Deno.test("seconds are milliseconds times a thousand", () => {
  assert.deepEqual(verdicts("max=1.5s", { max: 1500 }), [true]);
});

Deno.test("what was not measured is not met", () => {
  assert.deepEqual(verdicts("rss_growth=5", {}), [false]);
  assert.deepEqual(verdicts("rss_growth=5", { rss_growth: NaN }), [false]);
});

Deno.test("parseExpectations() says which part it cannot read", () => {
  assert.throws(() => parseExpectations("p99=100ms,p50"), /the expectation "p50"/);
  assert.throws(() => parseExpectations("p99=1.2.3"), TypeError);
  assert.deepEqual(parseExpectations(""), []);
});
