import assert from "node:assert/strict";
import { Sequence } from "../../src/events/sequence.ts";

const MADE_AT_MS = Date.UTC(2026, 0, 1);

Deno.test("seqOf() grows over storages, as long as they took less than a hundred entries a millisecond", () => {
  const first = new Sequence(MADE_AT_MS);
  const second = new Sequence(MADE_AT_MS + 1000);
  assert.ok(first.seqOf(99_999) < second.seqOf(1));
  assert.ok(Number.isSafeInteger(new Sequence(Date.UTC(2200, 0, 1)).seqOf(1e12)));
});

Deno.test("countOf() undoes seqOf(), and knows nothing of an earlier storage", () => {
  const sequence = new Sequence(MADE_AT_MS);
  assert.equal(sequence.countOf(sequence.seqOf(7)), 7);
  assert.equal(sequence.countOf(sequence.base), 0);
  assert.equal(sequence.countOf(0), 0);
  assert.equal(sequence.countOf(sequence.base - 1), undefined);
});
