import assert from "node:assert/strict";
import fc from "fast-check";
import { SequenceChecker } from "./sequence_checker.ts";

function counted(numbers: readonly number[]): [number, number, number] {
  const checker = new SequenceChecker();
  for (const number of numbers) checker.take(number);
  return [checker.received, checker.doubled, checker.misordered];
}

Deno.test("take() finds nothing wrong with a stream in order", () => {
  assert.deepEqual(counted([1, 2, 3, 4]), [4, 0, 0]);
});

Deno.test("take() counts a number that comes again as doubled", () => {
  assert.deepEqual(counted([1, 2, 2, 1, 3]), [3, 2, 0]);
});

Deno.test("take() counts a number that comes after a later one as misordered", () => {
  assert.deepEqual(counted([1, 3, 2, 4]), [4, 0, 1]);
  assert.deepEqual(counted([1, 3, 2, 2]), [3, 1, 1]);
});

Deno.test("take() counts each number once, however a stream is mixed up", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 50 })), (numbers) => {
    const [received, doubled] = counted(numbers);
    assert.equal(received, new Set(numbers).size);
    assert.equal(received + doubled, numbers.length);
  }));
});
