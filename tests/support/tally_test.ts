/**
 * Counting from the output of `deno test`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readTally } from "./tally.ts";

Deno.test("readTally() reads the summary, colours or not", () => {
  assert.deepEqual(readTally("ok | 12 passed | 0 failed (1s)\n", true), { passed: 12, failed: 0 });
  const coloured = "\x1b[0m\x1b[31mFAILED\x1b[0m | 1 passed (2 steps) | 2 failed | 1 ignored";
  assert.deepEqual(readTally(coloured, false), { passed: 1, failed: 2 });
});

Deno.test("readTally() believes the last summary, which is the run's own", () => {
  const output = "ok | 1 passed | 0 failed (a test prints this)\nok | 5 passed | 0 failed (1s)\n";
  assert.deepEqual(readTally(output, true), { passed: 5, failed: 0 });
});

Deno.test("readTally() counts a failure for a run that never came to a summary", () => {
  assert.deepEqual(readTally("error: Type checking failed", false), { passed: 0, failed: 1 });
});
