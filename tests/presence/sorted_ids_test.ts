import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { compareIds, SortedIds } from "../../src/presence/sorted_ids.ts";

const ids = fc.string({ unit: "grapheme", maxLength: 4 });

Deno.test("compareIds() orders as UTF-8 bytes do", () => {
  fc.assert(fc.property(ids, ids, (a, b) => {
    const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
    assert.equal(Math.sign(compareIds(a, b)), bytes);
  }));
  assert.ok(compareIds("\uff5e", "😀") < 0, "unlike JavaScript's own order");
});

Deno.test("SortedIds holds each id once, in order, and pages behind any id", () => {
  fc.assert(
    fc.property(fc.array(ids), fc.array(ids), ids, fc.nat(5), (add, remove, after, limit) => {
      const sorted = new SortedIds();
      for (const id of add) sorted.add(id);
      for (const id of remove) sorted.delete(id);
      const expected = [...new Set(add).difference(new Set(remove))].toSorted(compareIds);
      assert.equal(sorted.size, expected.length);
      assert.deepEqual(sorted.page(undefined, add.length), expected);
      const behind = expected.filter((id) => compareIds(id, after) > 0);
      assert.deepEqual(sorted.page(after, limit), behind.slice(0, limit));
    }),
  );
});

Deno.test("SortedIds stays in order over many reads, whatever came and went in between", () => {
  const step = fc.tuple(fc.array(fc.nat(299), { maxLength: 200 }), fc.array(fc.nat(299)));
  fc.assert(fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
    const sorted = new SortedIds();
    const model = new Set<string>();
    for (const [add, remove] of steps) {
      for (const id of add) sorted.add(`p${id}`);
      for (const id of add) model.add(`p${id}`);
      for (const id of remove) sorted.delete(`p${id}`);
      for (const id of remove) model.delete(`p${id}`);
      assert.deepEqual(sorted.page(undefined, 300), [...model].toSorted(compareIds));
      assert.equal(sorted.size, model.size);
    }
  }));
});
