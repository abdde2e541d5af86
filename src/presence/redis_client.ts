/**
 * Redis over the Upstash HTTP API, in pipelines, with a time limit and errors that tell whether Redis
 * was out of reach or refused a command.
 *
 * @module
 */
// This build of the client is plain fetch: it reads no environment and needs no Node API.
import { Redis } from "@upstash/redis/cloudflare";
import { StoreUnavailableError } from "./store.ts";

/** Where Redis is, and how long to wait for it. */
export interface RedisClientOptions {
  /** `https://…`, the REST API's base. */
  readonly url: string;
  /** Bearer token of the REST API. */
  readonly token: string;
  /** Longest wait for an answer, in ms. */
  readonly requestTimeoutMs: number;
}

/** What has been asked of Redis so far. */
export interface RedisStats {
  /** HTTP requests. */
  readonly requests: number;
  /** Commands in them; a script call is one. */
  readonly commands: number;
  /** Requests that failed or were not answered in time. */
  readonly errors: number;
  /** Time spent waiting for answers, summed over all requests, in ms. */
  readonly durationMs: number;
}

/** Redis answered a command with an error. */
export class RedisCommandError extends Error {
  override readonly name = "RedisCommandError";

  /** The first word of Redis's message, for example `NOSCRIPT`. */
  get code(): string {
    return this.message.split(" ", 1)[0] ?? "";
  }
}

/** Commands that go out as one request. */
export type Pipeline = ReturnType<Redis["pipeline"]>;

/** One command's reply, as it came. */
export type Reply = { readonly result: unknown } | { readonly error: RedisCommandError };

/** States of a server that pass, and limits of a plan, rather than anything wrong with a command. */
const UNAVAILABLE =
  /^(LOADING|BUSY|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF|OOM|NOAUTH|WRONGPASS|NOPERM) |limit exceeded/;

/** Sends pipelines. Nothing is retried here: the caller knows what is worth it. */
export class RedisClient {
  readonly #redis: Redis;
  readonly #requestTimeoutMs: number;
  readonly #stats = { requests: 0, commands: 0, errors: 0, durationMs: 0 };

  constructor({ url, token, requestTimeoutMs }: RedisClientOptions) {
    this.#requestTimeoutMs = requestTimeoutMs;
    this.#redis = new Redis({
      url,
      token,
      signal: () => AbortSignal.timeout(requestTimeoutMs),
      retry: { retries: 0 },
      // Replies stay what they are: a user may well be called "true" or "123".
      automaticDeserialization: false,
      responseEncoding: false,
      enableAutoPipelining: false,
      enableTelemetry: false,
      // fetch's keepalive is for pages that close; connections are reused without it.
      keepAlive: false,
    });
  }

  get stats(): RedisStats {
    return { ...this.#stats };
  }

  /**
   * Sends the commands that `add` puts into the pipeline, as one request. They run in order.
   *
   * @returns their results
   * @throws {StoreUnavailableError}
   * @throws {RedisCommandError} when Redis refused one of them; the others have run
   */
  async send(add: (pipeline: Pipeline) => void): Promise<unknown[]> {
    const replies = await this.trySend(add);
    return replies.map((reply) => {
      if ("error" in reply) throw reply.error;
      return reply.result;
    });
  }

  /**
   * As {@linkcode send}, but a refusal is a reply like any other.
   *
   * @throws {StoreUnavailableError}
   */
  async trySend(add: (pipeline: Pipeline) => void): Promise<Reply[]> {
    const pipeline = this.#redis.pipeline();
    add(pipeline);
    this.#stats.requests++;
    this.#stats.commands += pipeline.length();
    const startedAt = performance.now();
    try {
      const replies = await pipeline.exec({ keepErrors: true });
      return replies.map(({ result, error }) => error ? refusal(error) : { result });
    } catch (error) {
      this.#stats.errors++;
      throw this.#unavailable(error);
    } finally {
      this.#stats.durationMs += performance.now() - startedAt;
    }
  }

  #unavailable(error: unknown): StoreUnavailableError {
    if (error instanceof StoreUnavailableError) return error;
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    if (name === "TimeoutError") {
      return new StoreUnavailableError(`Redis did not answer within ${this.#requestTimeoutMs} ms`);
    }
    return new StoreUnavailableError(`Cannot reach Redis: ${withoutSecrets(message)}`);
  }
}

function refusal(message: string): Reply {
  if (UNAVAILABLE.test(message)) throw new StoreUnavailableError(`Redis refuses: ${message}`);
  return { error: new RedisCommandError(message) };
}

/** Without the commands, which hold users' data, and without addresses, which may hold a login. */
function withoutSecrets(message: string): string {
  return message.replace(/, command was: .*$/s, "").replaceAll(/\w+:\/\/[^\s)]+/g, "its address");
}
