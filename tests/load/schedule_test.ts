import assert from "node:assert/strict";
import { Schedule } from "./schedule.ts";

function taken(schedule: Schedule, nowMs: number): number[] {
  const instants: number[] = [];
  for (let slot = schedule.take(nowMs); slot; slot = schedule.take(nowMs)) instants.push(slot.atMs);
  return instants;
}

Deno.test("take() gives what is due, evenly spaced", () => {
  const schedule = new Schedule(1000, 100, 50);
  assert.deepEqual(taken(schedule, 999), []);
  assert.deepEqual(taken(schedule, 1020), [1000, 1010, 1020]);
  assert.deepEqual(taken(schedule, 1020), []);
});

Deno.test("take() gives what was missed, with the instants at which it was due", () => {
  const schedule = new Schedule(0, 1000, 10);
  assert.deepEqual(taken(schedule, 5000), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(schedule.isDone, true);
});

Deno.test("a schedule has as many messages as its rate and duration say", () => {
  const schedule = new Schedule(0, 999, 3_600_000);
  assert.equal(schedule.count, 999 * 3600);
  assert.equal(schedule.isDone, false);
});
