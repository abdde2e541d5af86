/**
 * A real Redis for tests.
 *
 * @module
 */

import { requireProgram } from "../programs.ts";
import { onFreePort } from "./free_port.ts";
import { ServerProcess } from "./server_process.ts";
import { firstReply } from "./tcp_probe.ts";

/** What {@linkcode startRedis} may be told. */
export interface RedisOptions {
  /** Clients must authenticate; the server's `url` carries it. */
  readonly password?: string;
}

/** Starts an empty Redis that keeps nothing on disk: a restart loses all data. */
export function startRedis(options: RedisOptions = {}): Promise<ServerProcess> {
  const { password } = options;
  return onFreePort(async (port) => {
    const directory = await Deno.makeTempDir({ prefix: "redis_" });
    return await ServerProcess.start({
      name: "redis-server",
      url: `redis://${password === undefined ? "" : `:${password}@`}127.0.0.1:${port}`,
      port,
      directory,
      command: requireProgram("redis-server"),
      args: [
        ...["--port", `${port}`, "--bind", "127.0.0.1", "--dir", directory],
        ...["--save", "", "--appendonly", "no"],
        ...(password === undefined ? [] : ["--requirepass", password]),
      ],
      answers: async (pid) => {
        const login = password === undefined ? "" : `AUTH ${password}\r\n`;
        const reply = await firstReply(port, "\r\n\r\n", `${login}INFO server\r\n`);
        return reply.includes(`process_id:${pid}\r\n`);
      },
    });
  });
}
