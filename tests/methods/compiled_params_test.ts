import fc from "fast-check";
import assert from "node:assert/strict";
import { z } from "zod";
import * as schemas from "../../src/protocol/schemas.ts";

const location = fc.constantFrom<unknown>("arena", "", "a b", "x".repeat(65), null, 1);
const user = fc.constantFrom<unknown>("ann", "", "\ud800", "x".repeat(129), null, 1);
const text = fc.oneof(fc.string(), fc.constantFrom("x".repeat(64), "x".repeat(65)), fc.jsonValue());
const target = fc.oneof(
  fc.record({ user_id: user, location, more: fc.boolean() }, { requiredKeys: [] }),
  fc.record({ user_id: user }),
  fc.record({ location }),
  fc.jsonValue(),
);
const event = fc.record(
  { to: target, type: text, payload: fc.jsonValue(), idempotency_key: text, more: fc.jsonValue() },
  { requiredKeys: ["to", "type"] },
);
const status = fc.constantFrom<unknown>("online", "away", "busy", "offline", null);
const cases: [string, z.ZodType, fc.Arbitrary<unknown>][] = [
  ["SendEventParams", schemas.SendEventParams, event],
  [
    "UpdatePresenceParams",
    schemas.UpdatePresenceParams,
    fc.record({ status, location }, { requiredKeys: [] }),
  ],
  ["PresenceGetParams", schemas.PresenceGetParams, fc.record({ user_ids: fc.array(user) })],
  ["PingParams", schemas.PingParams, fc.dictionary(fc.string(), fc.jsonValue())],
];

for (const [name, schema, params] of cases) {
  Deno.test(`${name}, compiled, takes and refuses what it does otherwise`, () => {
    const compiled = z.compile(schema, { strict: true });
    fc.assert(
      fc.property(fc.oneof({ weight: 4, arbitrary: params }, fc.jsonValue()), (params) => {
        const { success, data, error } = compiled.safeParse(params);
        const expected = schema.safeParse(params);
        assert.deepEqual(
          { success, data, issues: error?.issues },
          { success: expected.success, data: expected.data, issues: expected.error?.issues },
        );
      }),
      { numRuns: 500 },
    );
  });
}
