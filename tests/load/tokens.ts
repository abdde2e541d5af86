import { SignJWT } from "jose";

/** A token outlives the longest run. */
const TTL_S = 6 * 3600;
const ASKED_AT_ONCE = 20;

/**
 * Tokens for users, in their order: signed here, or asked of a gateway in development mode.
 *
 * @throws {Error} when the gateway does not sign
 */
export async function tokensFor(
  userIds: readonly string[],
  url: string,
  secret: string | undefined,
): Promise<string[]> {
  if (secret !== undefined) return await Promise.all(userIds.map((sub) => sign(sub, secret)));
  const tokens: string[] = [];
  for (let start = 0; start < userIds.length; start += ASKED_AT_ONCE) {
    const some = userIds.slice(start, start + ASKED_AT_ONCE);
    tokens.push(...await Promise.all(some.map((sub) => ask(sub, url))));
  }
  return tokens;
}

function sign(sub: string, secret: string): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(sub)
    .setIssuedAt()
    .setExpirationTime(`${TTL_S}s`)
    .sign(new TextEncoder().encode(secret));
}

async function ask(sub: string, url: string): Promise<string> {
  const response = await fetch(`${url}/dev/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sub, ttl_s: TTL_S }),
  }).catch((cause) => {
    throw new Error(`Nobody answers at ${url}: start a gateway, or give its --url`, { cause });
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${url} signs no tokens: give --token-secret, or JWT_SECRET`);
  }
  const { token } = await response.json() as { token: string };
  return token;
}
