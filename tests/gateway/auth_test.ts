import { strict as assert } from "node:assert";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { readConfig } from "../../src/config.ts";
import { createTokenVerifier, TokenError, type VerifyToken } from "../../src/gateway/auth.ts";
import type { TokenRefusal } from "../../src/protocol/errors.ts";
import {
  AUDIENCE,
  BAD_TOKENS,
  goodClaims,
  inSeconds,
  ISSUER,
  SECRET,
  sign,
  signWith,
} from "./tokens.ts";

const KEYS = {
  RS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  EdDSA: generateKeyPairSync("ed25519"),
};

function pemOf(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }).toString();
}

function verifier(environment: Readonly<Record<string, string>>): Promise<VerifyToken> {
  const terms = { JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE };
  return createTokenVerifier(readConfig({ ...terms, ...environment }, { development: false }));
}

async function refuses(verify: VerifyToken, token: string, reason: TokenRefusal): Promise<void> {
  await assert.rejects(verify(token), (error) => {
    assert.ok(error instanceof TokenError, String(error));
    assert.equal(error.reason, reason);
    assert.equal(error.code, -32001);
    assert.deepEqual(error.data, { reason });
    return true;
  });
}

Deno.test("verify() tells who a token speaks for", async () => {
  const verify = await verifier({ JWT_SECRET: SECRET });
  const exp = inSeconds(60);
  const claims = { ...goodClaims(), exp, name: "Ann", scope: " admin  moderator " };
  assert.deepEqual(await verify(sign(claims)), {
    userId: "ann",
    name: "Ann",
    scopes: new Set(["admin", "moderator"]),
    expiresAtMs: exp * 1000,
  });
  assert.deepEqual(await verify(sign({ ...goodClaims(), exp })), {
    userId: "ann",
    name: undefined,
    scopes: new Set(),
    expiresAtMs: exp * 1000,
  });
});

Deno.test("verify() takes null for a claim that is not there", async () => {
  const verify = await verifier({ JWT_SECRET: SECRET });
  const { name, scopes } = await verify(sign({ ...goodClaims(), name: null, scope: null }));
  assert.deepEqual({ name, scopes }, { name: undefined, scopes: new Set() });
});

Deno.test("verify() takes any sub of 1 to 128 characters", async () => {
  const verify = await verifier({ JWT_SECRET: SECRET });
  for (const sub of ["x", "x".repeat(128), "users", "a.b", "*", ">", "a b", "😀", "__proto__"]) {
    assert.equal((await verify(sign({ ...goodClaims(), sub }))).userId, sub);
  }
});

Deno.test("verify() allows five seconds of clock skew", async () => {
  const verify = await verifier({ JWT_SECRET: SECRET });
  await verify(sign({ ...goodClaims(), exp: inSeconds(-3) }));
  await verify(sign({ ...goodClaims(), nbf: inSeconds(4) }));
  await verify(sign({ ...goodClaims(), iat: inSeconds(3600) }));
});

Deno.test("verify() accepts one audience of several", async () => {
  const verify = await verifier({ JWT_SECRET: SECRET });
  await verify(sign({ ...goodClaims(), aud: ["other", AUDIENCE] }));
});

for (const { name, token, reason } of BAD_TOKENS) {
  Deno.test(`verify() refuses ${name} as ${reason}`, async () => {
    await refuses(await verifier({ JWT_SECRET: SECRET }), token, reason);
  });
}

for (const [algorithm, { publicKey, privateKey }] of Object.entries(KEYS)) {
  Deno.test(`verify() with a public key of ${algorithm} accepts its signatures alone`, async () => {
    const pem = pemOf(publicKey);
    const verify = await verifier({ JWT_PUBLIC_KEY: pem });
    assert.equal((await verify(await signWith(privateKey, algorithm))).userId, "ann");
    for (const [other, keys] of Object.entries(KEYS)) {
      if (other === algorithm) continue;
      await refuses(verify, await signWith(keys.privateKey, other), "algorithm");
    }
    const stranger = algorithm === "RS256"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : algorithm === "ES256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("ed25519");
    await refuses(verify, await signWith(stranger.privateKey, algorithm), "signature");
    // The classic confusion: the public key's text as the secret of an HMAC.
    for (const secret of [pem, pem.trim(), pem.replaceAll("\n", "")]) {
      await refuses(verify, sign(goodClaims(), { alg: "HS256" }, secret), "algorithm");
    }
  });
}

Deno.test("verify() accepts EdDSA by its newer name Ed25519", async () => {
  const verify = await verifier({ JWT_PUBLIC_KEY: pemOf(KEYS.EdDSA.publicKey) });
  await verify(await signWith(KEYS.EdDSA.privateKey, "Ed25519"));
});

Deno.test("verify() with RS256 refuses PS256 of the same key", async () => {
  const verify = await verifier({ JWT_PUBLIC_KEY: pemOf(KEYS.RS256.publicKey) });
  await refuses(verify, await signWith(KEYS.RS256.privateKey, "PS256"), "algorithm");
});

Deno.test("verify() reads exp to the millisecond and bears one in the far future", async () => {
  const verify = await verifier({ JWT_SECRET: SECRET });
  const exp = inSeconds(60) + 0.5;
  assert.equal((await verify(sign({ ...goodClaims(), exp }))).expiresAtMs, exp * 1000);
  const { expiresAtMs } = await verify(sign({ ...goodClaims(), exp: 1e300 }));
  assert.equal(new Date(expiresAtMs).toISOString(), "9999-12-31T00:00:00.000Z");
});
