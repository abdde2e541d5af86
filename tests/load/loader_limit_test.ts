import assert from "node:assert/strict";
import { isLoaderTheLimit } from "./loader_limit.ts";

const effort = { lagP99Ms: 0.5, measuredP99Ms: 4, use: undefined, workers: 2 };

Deno.test("a loader in time is not the limit, however little it measured", () => {
  assert.equal(isLoaderTheLimit(effort), false);
  assert.equal(isLoaderTheLimit({ ...effort, measuredP99Ms: 0.6 }), false);
});

Deno.test("a loader is the limit when it sends late by half of what it measured", () => {
  assert.equal(isLoaderTheLimit({ ...effort, lagP99Ms: 2.1 }), true);
  assert.equal(isLoaderTheLimit({ ...effort, lagP99Ms: 2.1, measuredP99Ms: 5 }), false);
});

Deno.test("a loader is the limit when it sends very late, whatever it measured", () => {
  assert.equal(isLoaderTheLimit({ ...effort, lagP99Ms: 11, measuredP99Ms: 500 }), true);
});

Deno.test("a loader is the limit when its threads are busy all the time", () => {
  const use = { loader: 1.7, servers: 0.2, others: 0, stolen: 0 };
  assert.equal(isLoaderTheLimit({ ...effort, use }), true);
  assert.equal(isLoaderTheLimit({ ...effort, use, workers: 4 }), false);
});
