/** Our HMAC against the test vectors of RFC 4231 and the library's own. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { HmacSha256 } from "../../src/gateway/hmac.ts";

/** RFC 4231, test cases 1, 2, 6 and 7: key, text, HMAC-SHA-256. */
const VECTORS: readonly (readonly [key: Uint8Array, text: string, hmac: string])[] = [
  [
    new Uint8Array(20).fill(0x0b),
    "Hi There",
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  ],
  [
    new TextEncoder().encode("Jefe"),
    "what do ya want for nothing?",
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  ],
  [
    new Uint8Array(131).fill(0xaa),
    "Test Using Larger Than Block-Size Key - Hash Key First",
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  ],
  [
    new Uint8Array(131).fill(0xaa),
    "This is a test using a larger than block-size key and a larger than block-size data. " +
    "The key needs to be hashed before being used by the HMAC algorithm.",
    "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
  ],
];

Deno.test("HmacSha256.sign() gives the values of RFC 4231", () => {
  for (const [key, text, hmac] of VECTORS) {
    assert.equal(new HmacSha256(key).sign(text)?.toHex(), hmac);
  }
});

Deno.test("HmacSha256.sign() agrees with createHmac, call after call", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.string({ unit: "binary", maxLength: 300 }), { minLength: 1, maxLength: 4 }),
      (key, texts) => {
        const hmac = new HmacSha256(key);
        for (const text of texts) {
          const expected = createHmac("sha256", key).update(text).digest("hex");
          assert.equal(hmac.sign(text)?.toHex(), expected);
        }
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("HmacSha256.sign() signs the longest text whole, and none that is longer", () => {
  const key = new TextEncoder().encode("key");
  for (const longest of ["é".repeat(2730), "€".repeat(2730), "x".repeat(2730)]) {
    const expected = createHmac("sha256", key).update(longest).digest("hex");
    assert.equal(new HmacSha256(key).sign(longest)?.toHex(), expected);
    assert.equal(new HmacSha256(key).sign(`${longest}x`), undefined);
  }
});
