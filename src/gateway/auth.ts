import {
  errors,
  importSPKI,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from "jose";
import type { Config } from "../config.ts";
import type { TokenKey } from "../token_key.ts";
import { ErrorCode, RpcError, type TokenRefusal } from "../protocol/errors.ts";
import { createQuickVerifier } from "./hs256.ts";
import { createKeySet } from "./key_set.ts";

/** Who a connection speaks for, from its token. */
export interface Identity {
  /** The JWT's `sub`. */
  readonly userId: string;
  /** Display name. */
  readonly name: string | undefined;
  readonly scopes: ReadonlySet<string>;
  /** When the token ends, in ms since the epoch. */
  readonly expiresAtMs: number;
}

/** A token that is not accepted. */
export class TokenError extends RpcError {
  readonly reason: TokenRefusal;

  constructor(reason: TokenRefusal) {
    super(ErrorCode.unauthorized, { reason });
    this.reason = reason;
  }
}

/**
 * Verifies a compact JWT (RFC 7519).
 *
 * @throws {TokenError} with the reason
 * @throws {RpcError} unavailable, when the key set cannot be fetched
 */
export type VerifyToken = (token: string) => Promise<Identity>;

/** Tolerated difference between the issuer's clock and ours, in seconds. */
const CLOCK_SKEW_S = 5;

/** The last instant that an ISO 8601 string of four-digit years can show. */
const LAST_INSTANT_MS = Date.UTC(9999, 11, 31);

const MAX_NAME_LENGTH = 128;

/** Most players have none: they share it. */
const NO_SCOPES: ReadonlySet<string> = new Set();

type AuthConfig = Pick<Config, "tokenKey" | "tokenIssuer" | "tokenAudience">;

/** Makes the one verifier of a node: the key is imported once, the algorithms are the key's own. */
export async function createTokenVerifier(config: AuthConfig): Promise<VerifyToken> {
  const options: JWTVerifyOptions = {
    algorithms: algorithmsOf(config.tokenKey),
    clockTolerance: CLOCK_SKEW_S,
    requiredClaims: ["sub", "exp"],
    ...(config.tokenIssuer === undefined ? {} : { issuer: config.tokenIssuer }),
    ...(config.tokenAudience === undefined ? {} : { audience: config.tokenAudience }),
  };
  const check = await payloadVerifier(config, options);
  return async (token) => {
    try {
      return identityOf(await check(token));
    } catch (error) {
      throw refusalOf(error);
    }
  };
}

function algorithmsOf(key: TokenKey): string[] {
  if (key.kind === "secret") return ["HS256"];
  // RFC 9864 names EdDSA over Ed25519 plainly "Ed25519"; issuers use either.
  const asymmetric = ["RS256", "ES256", "EdDSA", "Ed25519"];
  if (key.kind === "jwks") return asymmetric;
  return key.algorithm === "EdDSA" ? ["EdDSA", "Ed25519"] : [key.algorithm];
}

async function payloadVerifier(
  { tokenKey: key, tokenIssuer: issuer, tokenAudience: audience }: AuthConfig,
  options: JWTVerifyOptions,
): Promise<(token: string) => Promise<JWTPayload>> {
  if (key.kind === "jwks") {
    const keySet = createKeySet(key.url);
    return (token) => verifyWithKeySet(token, keySet, options);
  }
  if (key.kind === "public_key") {
    const publicKey = await importSPKI(key.pem, key.algorithm);
    return async (token) => (await jwtVerify(token, publicKey, options)).payload;
  }
  const { secret } = key;
  const recognize = createQuickVerifier({ secret, issuer, audience, clockSkewS: CLOCK_SKEW_S });
  const secretKey = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["verify"],
  );
  return async (token) => recognize(token) ?? (await jwtVerify(token, secretKey, options)).payload;
}

async function verifyWithKeySet(
  token: string,
  keySet: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keySet, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    // The token names no key: any key of the set may have signed it.
    for await (const candidate of error) {
      try {
        return (await jwtVerify(token, candidate, options)).payload;
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

function identityOf(payload: JWTPayload): Identity {
  const { sub, exp } = payload;
  // Issuers write null for what they do not know.
  const name = payload["name"] ?? undefined;
  const scope = payload["scope"] ?? undefined;
  const subIsValid = typeof sub === "string" && sub.length >= 1 && sub.length <= 128 &&
    sub.isWellFormed();
  if (
    !subIsValid || typeof exp !== "number" || !isOptionalString(name) || !isOptionalString(scope)
  ) {
    throw new TokenError("claims");
  }
  return {
    userId: sub,
    name: name?.slice(0, MAX_NAME_LENGTH).toWellFormed(),
    scopes: scope === undefined
      ? NO_SCOPES
      : new Set(scope.split(" ").filter((part) => part !== "")),
    expiresAtMs: Math.min(Math.floor(exp * 1000), LAST_INSTANT_MS),
  };
}

function isOptionalString(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}

const REASON_OF_CLAIM: Readonly<Record<string, TokenRefusal>> = {
  nbf: "not_yet_valid",
  iss: "issuer",
  aud: "audience",
};

const REASON_OF_CODE: Readonly<Record<string, TokenRefusal>> = {
  ERR_JWT_EXPIRED: "expired",
  ERR_JOSE_ALG_NOT_ALLOWED: "algorithm",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "signature",
  ERR_JWKS_NO_MATCHING_KEY: "signature",
  ERR_JWS_INVALID: "malformed",
  ERR_JWT_INVALID: "malformed",
  ERR_JOSE_NOT_SUPPORTED: "malformed",
};

function refusalOf(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  if (error instanceof errors.JWTClaimValidationFailed) {
    const isCheck = error.claim !== "nbf" || error.reason === "check_failed";
    return new TokenError(isCheck ? REASON_OF_CLAIM[error.claim] ?? "claims" : "claims");
  }
  if (error instanceof errors.JOSEError) {
    const reason = REASON_OF_CODE[error.code];
    if (reason !== undefined) return new TokenError(reason);
  }
  return new RpcError(ErrorCode.unavailable, { part: "jwks" });
}
