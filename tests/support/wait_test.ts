/**
 * Waiting for conditions.
 *
 * @module
 */

import assert from "node:assert/strict";
import { until } from "./wait.ts";

Deno.test("until() returns the first truthy value", async () => {
  const values = [0, "", null, "found", "too late"];
  assert.equal(await until(() => values.shift(), { what: "a value", intervalMs: 1 }), "found");
});

Deno.test("until() names what it waited for and why the condition failed", async () => {
  const waiting = until(() => assert.equal(1, 2), { what: "one to be two", timeoutMs: 20 });
  await assert.rejects(waiting, (error) => {
    assert(error instanceof Error);
    assert.equal(error.message, "Waited in vain for one to be two (20 ms)");
    assert(error.cause instanceof assert.AssertionError);
    return true;
  });
});

Deno.test("until() gives up on a condition that hangs", async () => {
  const waiting = until(() => new Promise(() => {}), { what: "a hung call", timeoutMs: 20 });
  await assert.rejects(waiting, /a hung call/);
});
