/**
 * An Upstash-compatible REST API in front of any Redis: `deno task redis-rest`.
 *
 * `REDIS_REST_TOKEN` is required; `REDIS_URL`, `HOST` and `PORT` have defaults. SIGINT and SIGTERM end it
 * with exit status 0 once the requests under way are answered.
 *
 * @module
 */

import process from "node:process";
import { createApp } from "./app.ts";
import { ConfigError, printableUrl, readConfig, type RestConfig } from "./config.ts";
import { RedisConnection } from "./redis_connection.ts";

/** Longest wait for requests under way when it is told to end. */
const DRAIN_LIMIT_MS = 3_000;

function readConfigOrExit(): RestConfig {
  try {
    return readConfig((name) => process.env[name]);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}

const config = readConfigOrExit();
const place = printableUrl(config.redisUrl);
const redis = new RedisConnection(config.redisUrl, (problem) => {
  if (problem === undefined) console.log(`Connected to ${place}`);
  else console.error(`Cannot reach ${place}: ${problem}`);
});
const server = Deno.serve({
  hostname: config.host,
  port: config.port,
  onListen: ({ hostname, port }) => {
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    console.log(`redis_rest listening on http://${host}:${port} in front of ${place}`);
  },
}, createApp(redis, config.token).fetch);

async function end(): Promise<void> {
  const limit = setTimeout(() => redis.close(), DRAIN_LIMIT_MS);
  await server.shutdown();
  clearTimeout(limit);
  redis.close();
  Deno.exit(0);
}

Deno.addSignalListener("SIGINT", end);
Deno.addSignalListener("SIGTERM", end);
