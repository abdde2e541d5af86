/** What is recognized without jose is what jose accepts: never more. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { jwtVerify } from "jose";
import { createQuickVerifier } from "../../src/gateway/hs256.ts";
import { AUDIENCE, BAD_TOKENS, goodClaims, inSeconds, ISSUER, SECRET, sign } from "./tokens.ts";

const CLOCK_SKEW_S = 5;

const recognize = createQuickVerifier({
  secret: SECRET,
  issuer: ISSUER,
  audience: AUDIENCE,
  clockSkewS: CLOCK_SKEW_S,
});

/** The payload that jose makes of a token, asked for the same; undefined when it refuses. */
async function joseAccepts(token: string): Promise<unknown> {
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(SECRET), {
      algorithms: ["HS256"],
      clockTolerance: CLOCK_SKEW_S,
      issuer: ISSUER,
      audience: AUDIENCE,
    });
    return payload;
  } catch {
    return undefined;
  }
}

Deno.test("recognize() knows a good token, whatever else its header says", () => {
  for (const header of [{ alg: "HS256" }, { alg: "HS256", typ: "JWT", kid: "k" }]) {
    assert.deepEqual(recognize(sign(goodClaims(), header)), goodClaims());
  }
});

Deno.test("recognize() knows a token for several audiences, not yet old and not too new", () => {
  for (const extra of [{ aud: ["x", AUDIENCE] }, { nbf: inSeconds(4) }, { exp: inSeconds(-3) }]) {
    assert.ok(recognize(sign({ ...goodClaims(), ...extra })), JSON.stringify(extra));
  }
});

for (const { name, token } of BAD_TOKENS) {
  Deno.test(`recognize() leaves ${name} to jose, unless it is the claims that are wrong`, async () => {
    const recognized = recognize(token);
    if (recognized !== undefined) assert.deepEqual(recognized, await joseAccepts(token));
  });
}

Deno.test("recognize() leaves all that has a wrong signature, header or date to jose", () => {
  const good = sign(goodClaims());
  const tokens = [
    good.slice(0, -1),
    `${good}A`,
    good.slice(0, good.lastIndexOf(".") + 1),
    sign(goodClaims(), { alg: "HS256" }, "another secret of thirty-two bytes"),
    sign(goodClaims(), { alg: "none" }),
    sign(goodClaims(), { alg: "HS256", crit: ["b64"], b64: true }),
    sign({ ...goodClaims(), exp: inSeconds(-6) }),
    sign({ ...goodClaims(), exp: `${inSeconds(60)}` }),
    sign({ ...goodClaims(), nbf: inSeconds(60) }),
    sign({ ...goodClaims(), iat: "now" }),
    sign({ ...goodClaims(), iss: undefined }),
    sign({ ...goodClaims(), aud: [["waygate-test"]] }),
  ];
  for (const token of tokens) assert.equal(recognize(token), undefined, token);
});

/** Mostly what is accepted, so that each of the others is often alone at fault. */
function mostly<T>(good: readonly T[], ...others: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
}

const dates = [-20, -6, -5, -4, 0, 4, 5, 6, 20].map(inSeconds);
const noDates = [null, "1", 1e300, -1, 0.5, [], true];

const anyHeader = fc.record({
  alg: mostly(["HS256"], "hs256", "HS512", "none", "RS256", null),
  typ: mostly(["JWT", "jwt", undefined], 7),
  crit: mostly([undefined], [], ["b64"], ["exp"], "b64", null),
  b64: mostly([undefined], true, false, null),
});

const anyClaims = fc.record({
  sub: mostly(["ann"], 7, null, undefined),
  exp: mostly([inSeconds(60)], ...dates, ...noDates, undefined),
  nbf: mostly([undefined, inSeconds(-60)], ...dates, ...noDates),
  iat: mostly([undefined, inSeconds(0)], ...dates, ...noDates),
  iss: mostly([ISSUER], [ISSUER], "x", null, undefined),
  aud: mostly([AUDIENCE, ["x", AUDIENCE]], ["x"], [], [[AUDIENCE]], null, undefined),
});

Deno.test("recognize() accepts nothing that jose refuses, and reads the same in it", async () => {
  let recognized = 0;
  await fc.assert(
    fc.asyncProperty(anyHeader, anyClaims, async (header, claims) => {
      const token = sign(claims, header);
      const beganInS = inSeconds(0);
      const payload = recognize(token);
      if (payload === undefined) return;
      recognized++;
      const accepted = await joseAccepts(token);
      // A token may end with the second in which it was recognized.
      if (inSeconds(0) === beganInS) assert.deepEqual(payload, accepted);
    }),
    { numRuns: 2000 },
  );
  assert.ok(recognized > 200, `Only ${recognized} tokens were good`);
});

Deno.test("recognize() accepts no token that was changed, wherever it was", () => {
  const good = sign(goodClaims());
  fc.assert(
    fc.property(
      fc.nat({ max: good.length - 1 }),
      fc.constantFrom(..."AZaz09-_.+/= \né\0"),
      fc.boolean(),
      (position, character, isInserted) => {
        const rest = good.slice(isInserted ? position : position + 1);
        const changed = good.slice(0, position) + character + rest;
        if (changed !== good) assert.equal(recognize(changed), undefined);
      },
    ),
    { numRuns: 3000 },
  );
});
