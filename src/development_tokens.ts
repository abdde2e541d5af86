import { SignJWT } from "jose";
import { z } from "zod";

/** What `POST /dev/token` takes. */
const TokenRequest = z.object({
  sub: z.string().min(1).max(128),
  name: z.string().min(1).max(128).optional(),
  scope: z.string().max(1024).optional(),
  ttl_s: z.int().min(1).max(31_536_000).default(3600),
});

/** What a token is to say. */
export type TokenRequest = z.infer<typeof TokenRequest>;

/** Reads a request for a token. */
export function parseTokenRequest(body: unknown): z.ZodSafeParseResult<TokenRequest> {
  return TokenRequest.safeParse(body);
}

/** What else a token must say for this gateway to accept it. */
export interface TokenTerms {
  readonly secret: string;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
}

/** Signs a token with a shared secret (HS256): for development and tests. */
export function signToken(request: TokenRequest, terms: TokenTerms): Promise<string> {
  const { sub, name, scope, ttl_s: ttlS } = request;
  const claims = {
    ...(name === undefined ? {} : { name }),
    ...(scope === undefined ? {} : { scope }),
  };
  const jwt = new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(sub)
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + ttlS);
  if (terms.issuer !== undefined) jwt.setIssuer(terms.issuer);
  if (terms.audience !== undefined) jwt.setAudience(terms.audience);
  return jwt.sign(new TextEncoder().encode(terms.secret));
}
