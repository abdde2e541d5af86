/** What the page reads of a token; whether the token is good is for the gateway to say. */
export interface TokenClaims {
  readonly userId: string;
  readonly scopes: readonly string[];
  /** In ms since 1970. */
  readonly expiresAtMs: number;
}

/**
 * Reads a JWT's payload (RFC 7519 §3).
 *
 * @returns null when it is no JWT, or one without `sub` or `exp`
 */
export function tokenClaims(token: string): TokenClaims | null {
  const [, payload = "", signature] = token.split(".");
  if (signature === undefined) return null;
  try {
    const bytes = Uint8Array.from(
      atob(payload.replaceAll("-", "+").replaceAll("_", "/")),
      (character) => character.charCodeAt(0),
    );
    const { sub, exp, scope } = JSON.parse(new TextDecoder().decode(bytes)) ?? {};
    if (typeof sub !== "string" || typeof exp !== "number") return null;
    const scopes = typeof scope === "string" ? scope.split(" ") : [];
    return { userId: sub, scopes, expiresAtMs: exp * 1000 };
  } catch {
    return null;
  }
}
