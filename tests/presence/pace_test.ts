import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { nextTurn, Pace } from "../../src/presence/pace.ts";

Deno.test("nextTurn() gives each turn of the event loop to one, in order", async () => {
  const order: string[] = [];
  const works = ["a", "b", "c"].map((name) => nextTurn().then(() => void order.push(name)));
  let turns = 0;
  const counting = (async () => {
    while (order.length < 3) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
      turns++;
    }
  })();
  await Promise.all([...works, counting]);
  assert.deepEqual(order, ["a", "b", "c"]);
  assert.ok(turns >= 3, `${turns} turns`);
});

Deno.test("Pace pauses only after a slice of work, and does not count the pause", async () => {
  const pace = new Pace();
  assert.equal(pace.pause(), undefined);
  work(10);
  const other = nextTurn().then(() => work(40));
  const pause = pace.pause();
  assert.ok(pause !== undefined);
  const workedMs = pace.workedMs;
  await pause;
  await other;
  assert.ok(workedMs >= 10);
  assert.ok(pace.workedMs - workedMs < 30, `${pace.workedMs - workedMs} ms of the pause count`);
});

function work(ms: number): void {
  const startedAt = performance.now();
  while (performance.now() - startedAt < ms) {
    // It holds the event loop.
  }
}
