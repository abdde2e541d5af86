/**
 * The one connection to Redis that all requests share.
 *
 * Redis answers in order, so any number of requests may be under way on it. While Redis is out of
 * reach every call fails at once; nothing is queued and nothing is ever sent twice.
 *
 * @module
 */

import { Redis, ReplyError } from "ioredis";
import type { Command } from "./commands.ts";
import type { Outcome, Reply } from "./replies.ts";

/** Redis cannot be reached, or was lost before it answered: whether the commands ran is unknown. */
export class RedisUnavailableError extends Error {
  override readonly name = "RedisUnavailableError";
}

/** Redis refused a transaction as a whole: none of its commands ran. */
export class TransactionError extends Error {
  override readonly name = "TransactionError";
}

/** Called when Redis is found, and with the reason when it is lost; not again for each new try. */
export type ConnectionListener = (problem: string | undefined) => void;

/** Silence from Redis that ends the connection. A script that takes longer blocks everyone anyway. */
const SILENCE_LIMIT_MS = 5_000;
const RECONNECT_LIMIT_MS = 1_000;

/** A connection that is made at once and made again for ever, until it is closed. */
export class RedisConnection {
  readonly #redis: Redis;

  /** Connects to `redisUrl`; it need not be reachable yet. */
  constructor(redisUrl: string, listener: ConnectionListener) {
    this.#redis = new Redis(redisUrl, {
      protocol: 2,
      connectionName: "redis_rest",
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: SILENCE_LIMIT_MS,
      socketTimeout: SILENCE_LIMIT_MS,
      retryStrategy: (tries) => Math.min(25 * 2 ** Math.min(tries, 10), RECONNECT_LIMIT_MS),
    });
    let told: string | undefined = "";
    function tell(problem: string | undefined): void {
      if ((told === undefined) !== (problem === undefined) || told === "") listener(problem);
      told = problem;
    }
    this.#redis.on("ready", () => tell(undefined));
    this.#redis.on("error", (error: Error) => tell(error.message || error.name));
    this.#redis.on("close", () => tell("the connection was closed"));
  }

  /** Whether Redis can be reached at this moment, as far as is known. */
  get ready(): boolean {
    return this.#redis.status === "ready";
  }

  /**
   * Runs commands in order, though not alone: other requests' commands may come between them. One
   * that fails does not keep the rest from running.
   *
   * @throws {RedisUnavailableError}
   */
  async run(commands: readonly Command[]): Promise<Outcome[]> {
    if (!this.ready) throw new RedisUnavailableError("Redis cannot be reached");
    const pipeline = this.#redis.pipeline();
    for (const { name, args } of commands) pipeline.callBuffer(name, [...args]);
    const replies = await pipeline.exec() ?? [];
    return replies.map(([error, reply]) => outcome(error, reply));
  }

  /**
   * Runs commands as one MULTI/EXEC: alone, and none of them when Redis does not accept them all.
   * One that fails while running does not undo the others.
   *
   * @throws {TransactionError}
   * @throws {RedisUnavailableError}
   */
  async transact(commands: readonly Command[]): Promise<Outcome[]> {
    const outcomes = await this.run([MULTI, ...commands, EXEC]);
    const last = outcomes.at(-1);
    if (last === undefined || "error" in last) throw new TransactionError(last?.error);
    const replies = Array.isArray(last.result) ? last.result : [];
    return replies.map((reply: Reply) =>
      reply instanceof Error ? { error: reply.message } : { result: reply }
    );
  }

  /** Ends the connection; what is under way fails. */
  close(): void {
    this.#redis.disconnect();
  }
}

const MULTI: Command = { name: "MULTI", args: [] };
const EXEC: Command = { name: "EXEC", args: [] };

function outcome(error: Error | null, reply: unknown): Outcome {
  if (error === null) return { result: reply as Reply };
  if (error instanceof ReplyError) return { error: error.message };
  throw new RedisUnavailableError("Redis was lost before it answered", { cause: error });
}
