import type { TokenContext } from "../../client/client.ts";
import { tokenClaims } from "./token_claims.ts";

/** Who somebody says they are: a name, for which the development gateway signs tokens, or a token. */
export type Identity =
  | {
    readonly kind: "name";
    readonly name: string;
    readonly userId: string;
    readonly admin: boolean;
  }
  | { readonly kind: "token"; readonly token: string };

/** What a {@linkcode SignInError} may say besides its message. */
export interface SignInErrorDetails {
  /** Whether the same identity will be refused again. @default {false} */
  readonly refused?: boolean;
  readonly cause?: unknown;
}

/** Why somebody does not get in; the message is for the player. */
export class SignInError extends Error {
  override readonly name = "SignInError";
  /** Whether the same identity will be refused again: it is not worth remembering. */
  readonly refused: boolean;

  constructor(message: string, { cause, refused = false }: SignInErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.refused = refused;
  }
}

/** Per tab, so that two tabs can be two players; and a token is gone when its tab is. */
const STORAGE_KEY = "waygate.identity";

/**
 * Checks what was typed.
 *
 * @throws {SignInError} what is wrong with it
 */
export function identityFromName(
  name: string,
  userId: string,
  admin: boolean,
): Extract<Identity, { kind: "name" }> {
  const trimmed = name.trim();
  if (trimmed === "") throw new SignInError("Enter a name: any will do.");
  const id = userId.trim() || userIdFrom(trimmed);
  return { kind: "name", name: trimmed, userId: id, admin };
}

/**
 * Checks what was pasted.
 *
 * @param now in ms since 1970
 * @throws {SignInError} what is wrong with it
 */
export function identityFromToken(text: string, now: number): Identity {
  const token = text.trim().replace(/^Bearer\s+/i, "");
  if (token === "") throw new SignInError("Paste a token.");
  const claims = tokenClaims(token);
  if (claims === null) {
    throw new SignInError("This is not a token: it should be three parts with dots between.");
  }
  if (claims.expiresAtMs <= now) {
    throw new SignInError("This token has expired: get a new one and paste that.");
  }
  return { kind: "token", token };
}

/**
 * A token for the identity: the pasted one, or a new one from the development gateway.
 *
 * @throws {SignInError} the gateway gave none
 */
export async function fetchToken(identity: Identity, { signal }: TokenContext): Promise<string> {
  if (identity.kind === "token") return identity.token;
  const { admin, name, userId: sub } = identity;
  const response = await fetch("/dev/token", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ sub, name, ...(admin ? { scope: "admin" } : {}) }),
    signal,
  }).catch((cause) => {
    throw new SignInError("The gateway cannot be reached.", { cause });
  });
  const answer = await response.json().catch(() => null);
  if (typeof answer?.token === "string") return answer.token;
  const detail = answer?.error?.message ?? `status ${response.status}`;
  const refused = response.status >= 400 && response.status < 500 && response.status !== 429;
  throw new SignInError(`The gateway gave no token (${detail}).`, { refused });
}

/** Who somebody is before the gateway says so. */
export function claimedUser(identity: Identity): { readonly user_id: string; name?: string } {
  if (identity.kind === "name") return { user_id: identity.userId, name: identity.name };
  return { user_id: tokenClaims(identity.token)?.userId ?? "" };
}

/** The identity that this tab had before it was loaded again; null for none. */
export function storedIdentity(): Identity | null {
  try {
    return JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "null");
  } catch {
    return null;
  }
}

/** Remembers the identity for as long as the tab lives; null forgets it. */
export function storeIdentity(identity: Identity | null): void {
  try {
    if (identity === null) sessionStorage.removeItem(STORAGE_KEY);
    else sessionStorage.setItem(STORAGE_KEY, JSON.stringify(identity));
  } catch {
    // A browser may forbid storage; then a reload asks for the name again.
  }
}

/** `Ada Lovelace` is `ada-lovelace`; a name without a single letter or digit stays as it is. */
function userIdFrom(name: string): string {
  const id = name.normalize("NFKD").toLowerCase()
    .replace(/\p{M}+/gu, "")
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  return (id || name).slice(0, 128);
}
