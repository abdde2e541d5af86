/**
 * Tokens that a gateway must refuse, one for each row of the contract's table, and keys to sign with.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac, generateKeyPairSync, type KeyObject } from "node:crypto";
import { SignJWT } from "jose";
import type { TokenRefusal } from "../../src/protocol/errors.ts";

export const SECRET = "a secret for tests of thirty-two bytes";
export const ISSUER = "https://id.example.com";
export const AUDIENCE = "waygate-test";

/** Seconds since the epoch, `offsetS` from now. */
export function inSeconds(offsetS: number): number {
  return Math.floor(Date.now() / 1000) + offsetS;
}

/** Claims that are accepted. */
export function goodClaims(): Record<string, unknown> {
  return { sub: "ann", exp: inSeconds(60), iss: ISSUER, aud: AUDIENCE };
}

/** Signs any claims with the shared secret. */
export function sign(
  claims: Record<string, unknown>,
  header: Record<string, unknown> = { alg: "HS256" },
  secret: string = SECRET,
): string {
  const input = `${encode(header)}.${encode(claims)}`;
  const hash = header["alg"] === "HS512" ? "sha512" : "sha256";
  return `${input}.${createHmac(hash, secret).update(input).digest("base64url")}`;
}

/** Signs with a private key. */
export function signWith(
  key: KeyObject,
  alg: string,
  kid?: string,
): Promise<string> {
  return new SignJWT(goodClaims())
    .setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) })
    .sign(key);
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function without(name: string): Record<string, unknown> {
  const { [name]: _, ...claims } = goodClaims();
  return claims;
}

const [header = "", payload = "", signature = ""] = sign(goodClaims()).split(".");
const strangers = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** A token that must be refused by a gateway with {@linkcode SECRET}, and why. */
export interface BadToken {
  readonly name: string;
  readonly reason: TokenRefusal;
  readonly token: string;
}

/** Every row of the table but `missing`. */
export const BAD_TOKENS: readonly BadToken[] = [
  ...["x", "a.b", "a.b.c", "a.b.c.d.e", `${header}.${payload}`, "..", " "].map((token) => ({
    name: `the text "${token.slice(0, 12)}"`,
    reason: "malformed" as const,
    token,
  })),
  { name: "no algorithm", reason: "malformed", token: sign(goodClaims(), {}) },
  { name: "claims that are a list", reason: "malformed", token: sign([] as never) },
  {
    name: "critical extensions",
    reason: "malformed",
    token: sign(goodClaims(), { alg: "HS256", crit: ["x"], x: 1 }),
  },
  {
    name: "another secret",
    reason: "signature",
    token: sign(goodClaims(), { alg: "HS256" }, `${SECRET}!`),
  },
  { name: "no signature", reason: "signature", token: `${header}.${payload}.` },
  {
    name: "claims changed after signing",
    reason: "signature",
    token: `${header}.${encode({ ...goodClaims(), sub: "eve" })}.${signature}`,
  },
  { name: "expired", reason: "expired", token: sign({ ...goodClaims(), exp: inSeconds(-6) }) },
  {
    name: "not yet valid",
    reason: "not_yet_valid",
    token: sign({ ...goodClaims(), nbf: inSeconds(60) }),
  },
  { name: "another issuer", reason: "issuer", token: sign({ ...goodClaims(), iss: "eve" }) },
  { name: "no issuer", reason: "issuer", token: sign(without("iss")) },
  { name: "another audience", reason: "audience", token: sign({ ...goodClaims(), aud: "eve" }) },
  { name: "no audience", reason: "audience", token: sign(without("aud")) },
  { name: "no exp", reason: "claims", token: sign(without("exp")) },
  { name: "an exp that is text", reason: "claims", token: sign({ ...goodClaims(), exp: "1e9" }) },
  { name: "an nbf that is text", reason: "claims", token: sign({ ...goodClaims(), nbf: "0" }) },
  { name: "no sub", reason: "claims", token: sign(without("sub")) },
  ...["", "x".repeat(129), 5, null, ["ann"], "\ud800"].map((sub) => ({
    name: `the sub ${JSON.stringify(sub).slice(0, 12)}`,
    reason: "claims" as const,
    token: sign({ ...goodClaims(), sub }),
  })),
  { name: "a name that is no text", reason: "claims", token: sign({ ...goodClaims(), name: 5 }) },
  {
    name: "a scope that is a list",
    reason: "claims",
    token: sign({ ...goodClaims(), scope: ["admin"] }),
  },
  ...["none", "None", "NONE", "nOnE"].map((alg) => ({
    name: `the algorithm ${alg}`,
    reason: "algorithm" as const,
    token: `${encode({ alg })}.${payload}.`,
  })),
  {
    name: "the algorithm none with a signature",
    reason: "algorithm",
    token: sign(goodClaims(), { alg: "none" }),
  },
  {
    name: "an algorithm that is not configured",
    reason: "algorithm",
    token: sign(goodClaims(), { alg: "HS512" }),
  },
  {
    name: "a public-key algorithm",
    reason: "algorithm",
    token: await signWith(strangers.privateKey, "RS256"),
  },
];
