/**
 * The Lua scripts, kept loaded in Redis.
 *
 * @module
 */
import { type RedisClient, RedisCommandError, type Reply } from "./redis_client.ts";
import { APPLY_SCRIPT } from "./scripts/apply.lua.ts";
import { CLAIM_SCRIPT } from "./scripts/claim.lua.ts";
import { LEASE_SCRIPT } from "./scripts/lease.lua.ts";

const SOURCES = { apply: APPLY_SCRIPT, lease: LEASE_SCRIPT, claim: CLAIM_SCRIPT } as const;

/** Which script. */
export type ScriptName = keyof typeof SOURCES;

/**
 * Lets Upstash lock only the keys that a call names, where it would otherwise hold up everybody. Redis
 * itself knows no such flag and refuses the script.
 */
const KEY_LOCKING = "#!lua flags=allow-key-locking\n";

/** Scripts as the server at hand accepts them. */
type Loaded = Readonly<Record<ScriptName, { readonly source: string; readonly sha: string }>>;

/** Runs scripts by their digest: one command each, but for the first and after Redis has lost them. */
export class RedisScripts {
  readonly #client: RedisClient;
  #loading: Promise<Loaded> | undefined;

  constructor(client: RedisClient) {
    this.#client = client;
  }

  /**
   * Runs a script.
   *
   * @throws {StoreUnavailableError}
   * @throws {RedisCommandError} when the script failed
   */
  async run(name: ScriptName, keys: string[], args: string[]): Promise<unknown> {
    const { source, sha } = (await this.#load())[name];
    const [reply] = await this.#client.trySend((pipeline) => pipeline.evalsha(sha, keys, args));
    if (!isLost(reply)) return resultOf(reply);
    const replies = await this.#client.trySend((pipeline) => {
      pipeline.scriptLoad(source);
      pipeline.evalsha(sha, keys, args);
    });
    return resultOf(replies.at(-1));
  }

  /** Loads the scripts once; again when that failed. */
  #load(): Promise<Loaded> {
    this.#loading ??= this.#loadAccepted().catch((error) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async #loadAccepted(): Promise<Loaded> {
    try {
      return await this.#loadAll(KEY_LOCKING);
    } catch (error) {
      if (!(error instanceof RedisCommandError)) throw error;
      return await this.#loadAll("");
    }
  }

  async #loadAll(prefix: string): Promise<Loaded> {
    const entries = Object.entries(SOURCES).map(([name, script]) => ({
      name,
      source: prefix + script,
    }));
    const shas = await this.#client.send((pipeline) => {
      for (const { source } of entries) pipeline.scriptLoad(source);
    });
    return Object.fromEntries(
      entries.map(({ name, source }, at) => [name, { source, sha: String(shas[at]) }]),
    ) as Loaded;
  }
}

function isLost(reply: Reply | undefined): boolean {
  return reply !== undefined && "error" in reply && reply.error.code === "NOSCRIPT";
}

function resultOf(reply: Reply | undefined): unknown {
  if (reply === undefined) throw new RedisCommandError("ERR no reply to the script call");
  if ("error" in reply) throw reply.error;
  return reply.result;
}
