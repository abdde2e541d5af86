import assert from "node:assert/strict";
import { PendingCalls } from "../../src/bus/pending_calls.ts";

const never = new Promise<never>(() => {});

Deno.test("wait() settles as the work does", async () => {
  const calls = new PendingCalls();
  assert.equal(await calls.wait(Promise.resolve(1)), 1);
  const fault = new Error("fault");
  await assert.rejects(calls.wait(Promise.reject(fault)), (error) => error === fault);
});

Deno.test("wait() rejects with the error of its timeout", async () => {
  const late = new Error("late");
  const wait = new PendingCalls().wait(never, { timeout: { ms: 5, error: () => late } });
  await assert.rejects(wait, (error) => error === late);
});

Deno.test("failAll() ends every wait, and those that follow are not concerned", async () => {
  const calls = new PendingCalls();
  const gone = new Error("gone");
  // Deno would report the timer as a leak if it were left behind.
  const timeout = { ms: 60_000, error: () => new Error("late") };
  const waits = [calls.wait(never), calls.wait(never, { timeout })];
  const ended = waits.map((wait) => assert.rejects(wait, (error) => error === gone));
  calls.failAll(gone);
  await Promise.all(ended);
  assert.equal(await calls.wait(Promise.resolve("later")), "later");
});

Deno.test("an abort that comes after the result changes nothing", async () => {
  const stop = new AbortController();
  const wait = new PendingCalls().wait(Promise.resolve("done"), { signal: stop.signal });
  assert.equal(await wait, "done");
  stop.abort();
  assert.equal(await wait, "done");
});
