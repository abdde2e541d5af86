import assert from "node:assert/strict";
import { identityFromName, identityFromToken, SignInError } from "../../src/lobby/page/identity.ts";
import { tokenClaims } from "../../src/lobby/page/token_claims.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");

Deno.test("identityFromName() makes an id of the name unless one is given", () => {
  const cases: [name: string, userId: string, expected: string][] = [
    ["Ada Lovelace", "", "ada-lovelace"],
    ["  Édith  Clarke! ", "", "edith-clarke"],
    ["Ada", "user:42", "user:42"],
    ["山田太郎", "", "山田太郎"],
    ["🚀", "", "🚀"],
  ];
  for (const [name, userId, expected] of cases) {
    const identity = identityFromName(name, userId, false);
    assert.deepEqual(identity, { kind: "name", name: name.trim(), userId: expected, admin: false });
  }
  assert.throws(() => identityFromName("  ", "", false), SignInError);
});

Deno.test("identityFromToken() takes a token as people paste it", () => {
  const token = jwt({ sub: "ada", exp: NOW / 1000 + 60 });
  for (const text of [token, ` ${token}\n`, `Bearer ${token}`]) {
    assert.deepEqual(identityFromToken(text, NOW), { kind: "token", token });
  }
});

Deno.test("identityFromToken() says what is wrong before the gateway has to", () => {
  const expired = jwt({ sub: "ada", exp: NOW / 1000 });
  assert.throws(() => identityFromToken(expired, NOW), /expired/);
  for (const text of ["", "abc", "a.b.c", jwt({ exp: 1 }), jwt({ sub: "ada" }), jwt(null)]) {
    assert.throws(() => identityFromToken(text, NOW), SignInError);
  }
});

Deno.test("tokenClaims() reads any name, and the scopes", () => {
  const claims = tokenClaims(jwt({ sub: "山田", exp: 5, scope: "admin chat" }));
  assert.deepEqual(claims, { userId: "山田", scopes: ["admin", "chat"], expiresAtMs: 5000 });
});

function jwt(payload: unknown): string {
  const part = (value: unknown): string =>
    new TextEncoder().encode(JSON.stringify(value)).toBase64({ alphabet: "base64url" });
  return `${part({ alg: "HS256" })}.${part(payload)}.c2ln`;
}
