import assert from "node:assert/strict";
import { SharedClock } from "../../src/elements/shared_clock.ts";
import { until } from "../support/wait.ts";

Deno.test("SharedClock calls each listener at its own rhythm, until it is stopped", async () => {
  const clock = new SharedClock();
  const calls = { fast: 0, slow: 0 };
  const startedAt = performance.now();
  const stopFast = clock.every(10, () => calls.fast++);
  const stopSlow = clock.every(40, () => calls.slow++);
  await until(() => calls.slow >= 2, { what: "two slow calls" });
  assert.ok(performance.now() - startedAt >= 78);
  assert.ok(calls.fast > calls.slow, JSON.stringify(calls));
  stopSlow();
  const { fast, slow } = calls;
  await until(() => calls.fast >= fast + 5, { what: "five more fast calls" });
  assert.equal(calls.slow, slow);
  stopFast();
  // A timer that is left would fail the test as a leak.
});

Deno.test("SharedClock lets listeners stop each other", async () => {
  const clock = new SharedClock();
  let calls = 0;
  const stops = [0, 1].map(() =>
    clock.every(5, () => {
      calls++;
      for (const stop of stops) stop();
    })
  );
  await until(() => calls > 0, { what: "a call" });
  assert.equal(calls, 1);
});

Deno.test("SharedClock goes on when the wall clock is set back", async () => {
  const clock = new SharedClock();
  const { now } = Date;
  let calls = 0;
  const stop = clock.every(5, () => calls++);
  try {
    Date.now = () => now() - 3_600_000;
    const stopOther = clock.every(1_000, () => {});
    stopOther();
    await until(() => calls >= 2, { what: "two calls" });
  } finally {
    Date.now = now;
    stop();
  }
});
