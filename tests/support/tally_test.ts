/**
 * Counting from the output of `deno test`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readFailures, readTally } from "./tally.ts";

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

Deno.test("readFailures() gives the errors and names of what failed, without colours", () => {
  const output =
    "a test ... \x1b[31mFAILED\x1b[0m\n\n\x1b[1m ERRORS \x1b[0m\n\na test => ./a.ts:1:2\n" +
    "error: no\n\n FAILURES \n\na test => ./a.ts:1:2\n\n\x1b[31mFAILED\x1b[0m | 3 passed | 1 failed (1s)\n";
  assert.equal(
    readFailures(output),
    "ERRORS \n\na test => ./a.ts:1:2\nerror: no\n\n FAILURES \n\na test => ./a.ts:1:2",
  );
});

Deno.test("readFailures() finds nothing in a run that went well, whatever a test prints", () => {
  assert.equal(readFailures(" ERRORS \n\nok | 3 passed | 0 failed (1s)\n"), "");
});
