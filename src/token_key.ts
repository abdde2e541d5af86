import { createPublicKey } from "node:crypto";
import type { Given, Values } from "./config_variables.ts";

/** The key that tokens are verified with, and the algorithms that it stands for. */
export type TokenKey =
  | { readonly kind: "secret"; readonly secret: string }
  | { readonly kind: "public_key"; readonly pem: string; readonly algorithm: PublicKeyAlgorithm }
  | { readonly kind: "jwks"; readonly url: URL };

/** Signature algorithms (RFC 7518, RFC 8037) of a public key. */
export type PublicKeyAlgorithm = "RS256" | "ES256" | "EdDSA";

/** Signs tokens in development mode only; everyone knows it. */
export const DEVELOPMENT_SECRET = "waygate-development-secret-known-to-everyone";

const NAMES = ["JWT_SECRET", "JWT_PUBLIC_KEY", "JWT_JWKS_URL"] as const;

interface KeySource {
  readonly values: Values;
  readonly given: Given;
  readonly development: boolean;
}

/**
 * Reads the key from the three variables that may hold it.
 *
 * @param source in development mode the development key stands in for none
 * @param problems takes a line for each variable at fault that has none yet
 */
export function readTokenKey(
  { values, given, development }: KeySource,
  problems: string[],
): TokenKey | undefined {
  const set = NAMES.filter((name) => given.has(name));
  if (set.length === 0 && development) return { kind: "secret", secret: DEVELOPMENT_SECRET };
  if (set.length !== 1) {
    const found = set.length === 0 ? "none is set" : `${set.join(" and ")} are set`;
    problems.push(`${NAMES.join(", ")}: Set exactly one of them; ${found}`);
    return undefined;
  }
  if (values.JWT_SECRET !== undefined) {
    if (values.JWT_SECRET === DEVELOPMENT_SECRET && !development) {
      problems.push("JWT_SECRET: The development secret is public; choose one of your own");
    }
    return { kind: "secret", secret: values.JWT_SECRET };
  }
  if (values.JWT_JWKS_URL !== undefined) {
    return { kind: "jwks", url: new URL(values.JWT_JWKS_URL) };
  }
  if (values.JWT_PUBLIC_KEY !== undefined) return readPublicKey(values.JWT_PUBLIC_KEY, problems);
  return undefined;
}

const ALGORITHM_OF_KEY_TYPE: Readonly<Record<string, PublicKeyAlgorithm>> = {
  rsa: "RS256",
  ec: "ES256",
  ed25519: "EdDSA",
};

function readPublicKey(text: string, problems: string[]): TokenKey | undefined {
  // One-line environments write the line breaks of a PEM as \n.
  const pem = text.replaceAll("\\n", "\n");
  if (pem.includes("PRIVATE KEY")) {
    problems.push("JWT_PUBLIC_KEY: This is a private key; give the public one");
    return undefined;
  }
  try {
    const key = createPublicKey(pem);
    const algorithm = ALGORITHM_OF_KEY_TYPE[key.asymmetricKeyType ?? ""];
    const { namedCurve: curve, modulusLength: bits } = key.asymmetricKeyDetails ?? {};
    // Shorter RSA keys may not be used (RFC 7518 §3.3).
    const isUsable = (curve ?? "prime256v1") === "prime256v1" && (bits ?? 2048) >= 2048;
    if (algorithm !== undefined && isUsable) {
      return {
        kind: "public_key",
        pem: key.export({ type: "spki", format: "pem" }).toString(),
        algorithm,
      };
    }
    problems.push("JWT_PUBLIC_KEY: Must be an RSA (2048 bits or more), P-256 or Ed25519 key");
  } catch {
    problems.push("JWT_PUBLIC_KEY: Must be a public key in PEM form (BEGIN PUBLIC KEY)");
  }
  return undefined;
}
