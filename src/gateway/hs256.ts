import { timingSafeEqual } from "node:crypto";
import type { JWTPayload } from "jose";
import { DIGEST_BYTES, HmacSha256 } from "./hmac.ts";

/** What a token must say to be accepted. */
export interface SharedSecretTerms {
  readonly secret: string;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  /** Tolerated difference between the issuer's clock and ours, in seconds. */
  readonly clockSkewS: number;
}

/** The text of an HS256 signature: 32 bytes in base64url. */
const SIGNATURE_LENGTH = 43;

const strictText = new TextDecoder("utf-8", { fatal: true });

/**
 * Recognizes good tokens of a shared secret (HS256, RFC 7518 §3.2) without waiting: jose goes through
 * WebCrypto, whose thread pool costs a connect as much as all the rest of it. It only ever accepts;
 * whatever is not plainly good is left to jose, which tells what is wrong with it.
 */
export function createQuickVerifier(
  { secret, issuer, audience, clockSkewS }: SharedSecretTerms,
): (token: string) => JWTPayload | undefined {
  const hmac = new HmacSha256(new TextEncoder().encode(secret));
  /** The last header that was found to be plain: issuers write the same one each time. */
  let plainHeader: string | undefined;

  return function recognize(token) {
    const headerEnd = token.indexOf(".");
    const payloadEnd = token.lastIndexOf(".");
    const header = token.slice(0, headerEnd);
    if (headerEnd < 1 || !isSigned(token, payloadEnd)) return undefined;
    if (header !== plainHeader) {
      if (!isPlain(header)) return undefined;
      plainHeader = header;
    }
    const payload = decode(token.slice(headerEnd + 1, payloadEnd)) as JWTPayload | undefined;
    return payload !== undefined && isInForce(payload) ? payload : undefined;
  };

  function isSigned(token: string, payloadEnd: number): boolean {
    if (token.length - payloadEnd - 1 !== SIGNATURE_LENGTH) return false;
    const given = decodeSignature(token.slice(payloadEnd + 1));
    const expected = hmac.sign(token.slice(0, payloadEnd));
    return given !== undefined && expected !== undefined && timingSafeEqual(given, expected);
  }

  function isInForce({ exp, nbf, iat, iss, aud }: JWTPayload): boolean {
    const nowS = Math.floor(Date.now() / 1000);
    if (typeof exp !== "number" || exp <= nowS - clockSkewS) return false;
    if (nbf !== undefined && !(typeof nbf === "number" && nbf <= nowS + clockSkewS)) return false;
    if (iat !== undefined && typeof iat !== "number") return false;
    if (issuer !== undefined && iss !== issuer) return false;
    return audience === undefined || aud === audience ||
      (Array.isArray(aud) && aud.includes(audience));
  }
}

/** Whether a header asks for this algorithm and for nothing that would have to be understood. */
function isPlain(header: string): boolean {
  const fields = decode(header);
  return fields !== undefined && fields["alg"] === "HS256" && !("crit" in fields) &&
    !("b64" in fields);
}

/** The bytes of a signature; undefined unless it is written in the one way that there is. */
function decodeSignature(text: string): Uint8Array | undefined {
  try {
    const bytes = Uint8Array.fromBase64(`${text}=`, {
      alphabet: "base64url",
      lastChunkHandling: "strict",
    });
    return bytes.length === DIGEST_BYTES ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** The JSON object that a part of a token holds; undefined when it holds none. */
function decode(part: string): Record<string, unknown> | undefined {
  try {
    const bytes = Uint8Array.fromBase64(part, { alphabet: "base64url" });
    const value: unknown = JSON.parse(strictText.decode(bytes));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? value as Record<string, unknown> : undefined;
  } catch {
    return undefined;
  }
}
