import { createRemoteJWKSet, jwksCache, type JWKSCacheInput, type JWTVerifyGetKey } from "jose";
import { log } from "../telemetry/log.ts";

/** How old the keys may get before the issuer is asked again, in ms: a key taken out is good no longer. */
const MAX_AGE_MS = 600_000;

/** An issuer that did not answer is left alone for so long, in ms: each attempt holds up who logs in. */
const RETRY_MS = 30_000;

/**
 * An issuer's key set (RFC 7517) behind a URL. An unknown key id asks the issuer again, so that a
 * rotated key works at once; the cooldown keeps strangers from making us ask more than once a second.
 * Keys that are known stay good while the issuer is away: players do not depend on its being up.
 */
export function createKeySet(url: URL): JWTVerifyGetKey {
  const loaded: JWKSCacheInput = {};
  const keys = createRemoteJWKSet(url, {
    cooldownDuration: 1000,
    timeoutDuration: 3000,
    cacheMaxAge: Infinity,
    [jwksCache]: loaded,
  });
  let retryAtMs = 0;

  async function refresh(): Promise<void> {
    try {
      await keys.reload();
    } catch (error) {
      retryAtMs = Date.now() + RETRY_MS;
      log.warning("The token issuer's key set cannot be read; the known keys stay", {
        error: String(error),
      });
    }
  }

  return async (header, token) => {
    const nowMs = Date.now();
    if ("uat" in loaded && nowMs >= loaded.uat + MAX_AGE_MS && nowMs >= retryAtMs) await refresh();
    return await keys(header, token);
  };
}
