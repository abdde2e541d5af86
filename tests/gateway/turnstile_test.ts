import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { Turnstile } from "../../src/gateway/turnstile.ts";

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

Deno.test("enter() lets a few in at once and makes no one wait alone", async () => {
  const turnstile = new Turnstile();
  assert.equal(turnstile.enter(), undefined);
  await turn();
  assert.equal(turnstile.enter(), undefined);
  await turn();
});

Deno.test("enter() lets a crowd in a few a turn, each once and in order", async () => {
  const turnstile = new Turnstile();
  const entered: number[] = [];
  let most = 0;
  const all = Array.from({ length: 100 }, async (_, at) => {
    const wait = turnstile.enter();
    if (wait !== undefined) await wait;
    entered.push(at);
  });
  let before = entered.length;
  for (let turns = 0; entered.length < 100; turns++) {
    assert.ok(turns < 100, `${entered.length} entered`);
    await turn();
    most = Math.max(most, entered.length - before);
    before = entered.length;
  }
  await Promise.all(all);
  assert.deepEqual(entered, Array.from({ length: 100 }, (_, at) => at));
  assert.ok(most > 0 && most <= 20, `${most} in one turn`);
});

Deno.test("enter() keeps later comers behind those who wait", async () => {
  const turnstile = new Turnstile();
  const order: string[] = [];
  const first = Array.from(
    { length: 30 },
    () => turnstile.enter()?.then(() => void order.push("first")),
  );
  await turn();
  const late = turnstile.enter()?.then(() => void order.push("late"));
  await Promise.all([...first, late]);
  assert.equal(order.at(-1), "late");
});
