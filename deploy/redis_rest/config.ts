/**
 * The REST server's configuration, read from the environment.
 *
 * @module
 */

/** Where to listen, which Redis to stand in front of, and the token that clients must show. */
export interface RestConfig {
  /** `redis://[user[:password]@]host[:port][/db]`, or `rediss://` for TLS. */
  readonly redisUrl: string;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly token: string;
}

/** A variable that is missing or wrong; the message names it and is fit for an operator to read. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * Reads the configuration.
 *
 * @param get looks a variable up; an empty value counts as absent
 * @throws {ConfigError} for the first variable that is missing or wrong
 */
export function readConfig(get: (name: string) => string | undefined): RestConfig {
  const token = get("REDIS_REST_TOKEN");
  if (!token) {
    throw new ConfigError("REDIS_REST_TOKEN is not set: choose a secret that clients must send");
  }
  const redisUrl = get("REDIS_URL") || "redis://127.0.0.1:6379";
  if (!/^rediss?:$/.test(URL.parse(redisUrl)?.protocol ?? "")) {
    throw new ConfigError("REDIS_URL is not a Redis address: write redis://host:port");
  }
  const port = Number(get("PORT") || "8079");
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new ConfigError("PORT is not a port: write a whole number from 0 to 65535");
  }
  return { redisUrl, host: get("HOST") || "127.0.0.1", port, token };
}

/** `redisUrl` as it may be printed: without what follows the host and without login. */
export function printableUrl(redisUrl: string): string {
  const { protocol, host } = new URL(redisUrl);
  return `${protocol}//${host}`;
}
