import { strict as assert } from "node:assert";
import { TimerWheel } from "../src/timer_wheel.ts";
import { until } from "./support/wait.ts";

const TICK_MS = 5;

function wheelOf(slots = 8): { wheel: TimerWheel & Disposable; errors: unknown[] } {
  const errors: unknown[] = [];
  const wheel = new TimerWheel((error) => errors.push(error), TICK_MS, slots);
  return { wheel: Object.assign(wheel, { [Symbol.dispose]: () => wheel.stop() }), errors };
}

/** Holds the event loop, as a long task would. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

Deno.test("schedule() calls each callback once, in order of time and never early", async () => {
  const { wheel } = wheelOf();
  using _ = wheel;
  const calls: { dueAt: number; calledAt: number }[] = [];
  // Several turns of a wheel of 8 slots, and times between two ticks.
  const delays = [0, 1, 4, 5, 6, 39, 40, 41, 79, 80, 81, 120, 3, 60];
  for (const delayMs of delays) {
    const dueAt = performance.now() + delayMs;
    wheel.schedule(delayMs, () => calls.push({ dueAt, calledAt: performance.now() }));
  }
  await until(() => calls.length === delays.length, { what: "all calls" });
  calls.forEach(({ dueAt, calledAt }, index) => {
    assert.ok(calledAt >= dueAt);
    assert.ok(index === 0 || dueAt > (calls[index - 1]?.dueAt ?? 0) - TICK_MS);
  });
  await new Promise((resolve) => setTimeout(resolve, 8 * TICK_MS));
  assert.equal(calls.length, delays.length);
});

Deno.test("schedule() with a negative delay calls at the next tick, not at once", async () => {
  const { wheel } = wheelOf();
  using _ = wheel;
  let called = false;
  wheel.schedule(-1000, () => called = true);
  assert.equal(called, false);
  await until(() => called, { what: "the call" });
});

Deno.test("cancel() prevents the call, twice and afterwards harmlessly", async () => {
  const { wheel } = wheelOf();
  using _ = wheel;
  const called: string[] = [];
  const cancelled = wheel.schedule(1, () => called.push("cancelled"));
  const kept = wheel.schedule(1, () => called.push("kept"));
  cancelled.cancel();
  cancelled.cancel();
  await until(() => called.length > 0, { what: "the call" });
  kept.cancel();
  wheel.schedule(1, () => called.push("later"));
  await until(() => called.length === 2, { what: "the later call" });
  assert.deepEqual(called, ["kept", "later"]);
});

Deno.test("a callback may cancel another of its own tick", async () => {
  const { wheel } = wheelOf();
  using _ = wheel;
  const called: string[] = [];
  wheel.schedule(1, () => {
    called.push("first");
    second.cancel();
  });
  const second = wheel.schedule(1, () => called.push("second"));
  await until(() => called.length > 0, { what: "the first call" });
  assert.deepEqual(called, ["first"]);
});

Deno.test("a callback that empties the wheel and schedules anew is not called early", async () => {
  const { wheel } = wheelOf();
  using _ = wheel;
  let waitedMs = 0;
  const other = wheel.schedule(1000, () => {});
  wheel.schedule(1, () => {
    other.cancel();
    const startedAt = performance.now();
    wheel.schedule(30, () => waitedMs = performance.now() - startedAt);
  });
  // The wheel is late: it has many ticks to make up for while the callback runs.
  block(20 * TICK_MS);
  await until(() => waitedMs > 0, { what: "the call" });
  assert.ok(waitedMs >= 30, `called after ${waitedMs} ms`);
});

Deno.test("a wheel that was held up makes up for it without calling early", async () => {
  const { wheel } = wheelOf();
  using _ = wheel;
  const called: string[] = [];
  wheel.schedule(10, () => called.push("due"));
  block(60);
  const startedAt = performance.now();
  let waitedMs = 0;
  wheel.schedule(20, () => waitedMs = performance.now() - startedAt);
  await until(() => waitedMs > 0, { what: "the call" });
  assert.deepEqual(called, ["due"]);
  assert.ok(waitedMs >= 20, `called after ${waitedMs} ms`);
});

Deno.test("a callback that throws is reported and holds up no other", async () => {
  const { wheel, errors } = wheelOf();
  using _ = wheel;
  let called = 0;
  const error = new Error("x");
  wheel.schedule(1, () => {
    throw error;
  });
  wheel.schedule(1, () => called++);
  wheel.schedule(50, () => called++);
  await until(() => called === 2, { what: "the other calls" });
  assert.deepEqual(errors, [error]);
});

Deno.test("stop() forgets every call, and the wheel can be used again", async () => {
  const { wheel } = wheelOf();
  using _ = wheel;
  const called: string[] = [];
  wheel.schedule(1, () => called.push("forgotten"));
  wheel.stop();
  wheel.schedule(20, () => called.push("new"));
  await until(() => called.length > 0, { what: "the call" });
  assert.deepEqual(called, ["new"]);
});

// Deno's own check for leaked timers is what this test rests on.
Deno.test("a wheel with nothing to wait for holds no timer", async () => {
  const { wheel } = wheelOf();
  wheel.schedule(1000, () => {}).cancel();
  let called = false;
  wheel.schedule(1, () => called = true);
  await until(() => called, { what: "the call" });
});

Deno.test("10,000 delayed calls come, each about in time", async () => {
  const { wheel } = wheelOf(64);
  using _ = wheel;
  const lateMs: number[] = [];
  for (let index = 0; index < 10_000; index++) {
    const delayMs = index % 300;
    const dueAt = performance.now() + delayMs;
    wheel.schedule(delayMs, () => lateMs.push(performance.now() - dueAt));
  }
  await until(() => lateMs.length === 10_000, { what: "all calls" });
  assert.ok(lateMs.every((ms) => ms >= 0));
});
