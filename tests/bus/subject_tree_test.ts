import assert from "node:assert/strict";
import fc from "fast-check";
import { SubjectTree } from "../../src/bus/subject_tree.ts";

const part = fc.constantFrom("a", "b", "c");
const subject = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."));
const pattern = fc.tuple(
  fc.array(fc.oneof(part, fc.constant("*")), { minLength: 1, maxLength: 4 }),
  fc.boolean(),
).map(([parts, tail]) => (tail ? [...parts.slice(1), ">"] : parts).join("."));

Deno.test("match() finds just what the patterns' definition says, whatever came and went", () => {
  const edits = fc.array(fc.tuple(pattern, fc.boolean()), { maxLength: 30 });
  fc.assert(fc.property(edits, fc.array(subject, { minLength: 1 }), (edits, asked) => {
    const tree = new SubjectTree<string>();
    const there = new Set<string>();
    for (const [pattern, add] of edits) {
      if (add) tree.add(pattern, pattern);
      else tree.delete(pattern, pattern);
      if (add) there.add(pattern);
      else there.delete(pattern);
    }
    for (const subject of asked) {
      const expected = [...there].filter((pattern) => definition(pattern).test(subject));
      assert.deepEqual(tree.match(subject).sort(), expected.sort(), subject);
    }
  }));
});

Deno.test("delete() takes one value and leaves its neighbours", () => {
  const tree = new SubjectTree<number>();
  for (const pattern of ["a.b", "a.*", "a.>"]) {
    tree.add(pattern, 1);
    tree.add(pattern, 2);
    tree.delete(pattern, 1);
    tree.delete(pattern, 3);
    tree.delete(`${pattern.replace("a", "x")}`, 2);
  }
  assert.deepEqual(tree.match("a.b"), [2, 2, 2]);
});

Deno.test("parts named like members of an object are parts like others", () => {
  const tree = new SubjectTree<string>();
  for (const name of ["__proto__", "constructor", "hasOwnProperty"]) {
    assert.deepEqual(tree.match(`${name}.x`), []);
    tree.add(`${name}.*`, name);
    assert.deepEqual(tree.match(`${name}.x`), [name]);
  }
});

/** NATS's own words: `*` matches one part, `>` one or more at the end. */
function definition(pattern: string): RegExp {
  const source = pattern.replaceAll(".", "\\.").replaceAll("*", "[^.]+").replaceAll(">", ".+");
  return new RegExp(`^${source}$`);
}
