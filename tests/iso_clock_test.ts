import { strict as assert } from "node:assert";
import { isoNow, isoOf } from "../src/iso_clock.ts";

Deno.test("isoOf() writes every instant as Date does, the same one again too", () => {
  for (const ms of [0, 1, 1, 999, 1000, 1_767_323_045_006, 1, -1, 8.64e15, 1.5]) {
    assert.equal(isoOf(ms), new Date(ms).toISOString());
  }
  assert.throws(() => isoOf(NaN), RangeError);
  assert.throws(() => isoOf(NaN), RangeError);
});

Deno.test("isoNow() is now", () => {
  const before = Date.now();
  const now = Date.parse(isoNow());
  assert.ok(before <= now && now <= Date.now());
});
