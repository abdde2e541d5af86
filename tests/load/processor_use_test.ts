import assert from "node:assert/strict";
import { meanUse } from "./processor_use.ts";

Deno.test("meanUse() is the mean of each part, and nothing of nothing", () => {
  const uses = [
    { loader: 1, servers: 0.5, others: 0, stolen: 0 },
    { loader: 0, servers: 0.5, others: 0.5, stolen: 0.25 },
  ];
  assert.deepEqual(meanUse(uses), { loader: 0.5, servers: 0.5, others: 0.25, stolen: 0.125 });
  assert.equal(meanUse([]), undefined);
});
