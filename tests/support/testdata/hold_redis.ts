/**
 * Starts a Redis, prints its port and holds it until the process is ended from outside.
 *
 * @module
 */

import { startRedis } from "../servers/redis_server.ts";

await using redis = await startRedis();
console.log(redis.port);
await new Promise((resolve) => setTimeout(resolve, 60_000));
