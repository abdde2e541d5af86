/**
 * A Redis of a test file's own, behind the REST API, and a direct look at what is in it.
 *
 * @module
 */
import { createRedisStore, type RedisStore } from "../../src/presence/store_redis.ts";
import { WINDOW_MS } from "../conformance/store/builders.ts";
import { startRedis } from "../support/servers/redis_server.ts";
import { type RedisRestServer, startRedisRest } from "../support/servers/redis_rest_server.ts";
import type { ServerProcess } from "../support/servers/server_process.ts";

/** Redis and the REST API in front of it; nobody else uses them. */
export class RedisPlace implements AsyncDisposable {
  readonly redis: ServerProcess;
  readonly rest: RedisRestServer;

  private constructor(redis: ServerProcess, rest: RedisRestServer) {
    this.redis = redis;
    this.rest = rest;
  }

  /** Starts both. */
  static async start(): Promise<RedisPlace> {
    const redis = await startRedis();
    return new RedisPlace(redis, await startRedisRest({ redisUrl: redis.url }));
  }

  /** A store as one node would have it. */
  store(options: { readonly url?: string; readonly requestTimeoutMs?: number } = {}): RedisStore {
    const { url, token } = this.rest;
    return createRedisStore({ url, token, resumeWindowMs: WINDOW_MS, ...options });
  }

  /** Two stores, once Redis is empty. */
  async stores(): Promise<{ store: RedisStore; other: RedisStore }> {
    await this.command("FLUSHALL");
    return { store: this.store(), other: this.store() };
  }

  /** Runs a command besides the stores. */
  async command(...command: readonly (string | number)[]): Promise<unknown> {
    return await this.rest.run(...command);
  }

  /** The keys that match a pattern, sorted. */
  async keys(pattern: string): Promise<string[]> {
    return (await this.command("KEYS", pattern) as string[]).toSorted();
  }

  /** What a key holds, parsed. */
  async json(key: string): Promise<unknown> {
    return JSON.parse(String(await this.command("GET", key)));
  }

  /** How often Redis has run each command; those inside scripts count as well. */
  async calls(): Promise<(name: string) => number> {
    const info = String(await this.command("INFO", "commandstats"));
    const counts = new Map(
      [...info.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm)].map(([, name, n]) => [name, Number(n)]),
    );
    return (name) => counts.get(name) ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rest[Symbol.asyncDispose]();
    await this.redis[Symbol.asyncDispose]();
  }
}

/** Stands between the code under test and the network, until it is disposed of. */
export class FetchSpy implements Disposable {
  /** Requests so far. */
  count = 0;
  /** Whether an answer that has arrived is lost on its last steps. */
  losesAnswer: (body: string) => boolean = () => false;
  readonly #fetch = globalThis.fetch;

  constructor() {
    globalThis.fetch = async (input, init) => {
      this.count++;
      const response = await this.#fetch(input, init);
      if (!this.losesAnswer(String(init?.body))) return response;
      await response.body?.cancel();
      throw new TypeError("error sending request for url (http://user:secret@host/pipeline)");
    };
  }

  [Symbol.dispose](): void {
    globalThis.fetch = this.#fetch;
  }
}
