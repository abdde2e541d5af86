import fc from "fast-check";
import assert from "node:assert/strict";
import { dedupeKey } from "../../src/events/dedupe.ts";

const part = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ maxLength: 400 }),
  fc.constant(null),
);
const parts = fc.array(part, { maxLength: 4 });

Deno.test("dedupeKey() gives a text that is short and can be a header's value", () => {
  fc.assert(fc.property(parts, (parts) => {
    assert.match(dedupeKey(...parts), /^[!-~]([ -~]{0,254}[!-~])?$/);
  }));
});

Deno.test("dedupeKey() tells apart what differs, however it is put together", () => {
  fc.assert(fc.property(parts, parts, (a, b) => {
    assert.equal(dedupeKey(...a) === dedupeKey(...b), JSON.stringify(a) === JSON.stringify(b));
  }));
  assert.notEqual(dedupeKey("a", "b"), dedupeKey('a","b'));
  const long = "x".repeat(300);
  assert.notEqual(dedupeKey(long), dedupeKey(dedupeKey(long)));
  assert.equal(dedupeKey(long, null), dedupeKey(long, null));
});
