/**
 * Our REST API in front of Redis, as a process of its own, for tests.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { onFreePort } from "./free_port.ts";
import { ServerProcess, type ServerSpec } from "./server_process.ts";

/** What {@linkcode startRedisRest} is told. */
export interface RedisRestOptions {
  /** The Redis behind it, `redis://…`. */
  readonly redisUrl: string;
}

const ENTRY = fileURLToPath(new URL("../../../deploy/redis_rest/main.ts", import.meta.url));

/** A running REST server. */
export class RedisRestServer extends ServerProcess {
  /** The bearer token that it wants. */
  readonly token: string;

  private constructor(spec: ServerSpec, token: string) {
    super(spec);
    this.token = token;
  }

  /** Starts a server; {@linkcode startRedisRest} is the short way. */
  static async open({ redisUrl }: RedisRestOptions): Promise<RedisRestServer> {
    return await onFreePort(async (port) => {
      const url = `http://127.0.0.1:${port}`;
      const token = crypto.randomUUID();
      const redis = new URL(redisUrl);
      const spec: ServerSpec = {
        name: "redis_rest",
        url,
        port,
        directory: await Deno.makeTempDir({ prefix: "redis_rest_" }),
        command: Deno.execPath(),
        args: [
          "run",
          "--no-prompt",
          "--no-check",
          `--allow-net=127.0.0.1:${port},${redis.hostname}:${redis.port || 6379}`,
          "--allow-env=REDIS_URL,HOST,PORT,REDIS_REST_TOKEN",
          "--ignore-env",
          ENTRY,
        ],
        env: { REDIS_URL: redisUrl, HOST: "127.0.0.1", PORT: `${port}`, REDIS_REST_TOKEN: token },
        // The token is new, so only our own process can say yes.
        answers: async () => {
          const response = await fetch(url, {
            method: "POST",
            headers: { authorization: `Bearer ${token}` },
            body: '["PING"]',
          });
          return (await response.text()).includes("PONG");
        },
      };
      return await new RedisRestServer(spec, token).launch();
    });
  }

  /** Runs a command. */
  async run(...command: readonly (string | number)[]): Promise<unknown> {
    const response = await fetch(this.url, {
      method: "POST",
      headers: { authorization: `Bearer ${this.token}` },
      body: JSON.stringify(command),
    });
    const { result, error } = await response.json();
    if (error !== undefined) throw new Error(error);
    return result;
  }
}

/** Starts the REST server with no more permissions than it needs. */
export function startRedisRest(options: RedisRestOptions): Promise<RedisRestServer> {
  return RedisRestServer.open(options);
}
