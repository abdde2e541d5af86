/**
 * Presence in Redis, over the Upstash HTTP API: shared by the nodes of all regions.
 *
 * A change is one script call in one request. Whatever is read is judged by the leases, so sessions of
 * a node that died count as gone before anybody has cleaned up after it.
 *
 * @module
 */
import type { IsAlive } from "./listing.ts";
import { decodeOutcomes, encodeCall } from "./redis_apply.ts";
import { RedisClient, type RedisClientOptions, type RedisStats } from "./redis_client.ts";
import { claimKey, heldKey, INSTANCES_KEY, leaseKey } from "./redis_keys.ts";
import { listOnline } from "./redis_list.ts";
import { RedisReader } from "./redis_reader.ts";
import { RedisScripts } from "./redis_scripts.ts";
import { presenceOf, type SessionState, unknownPresence } from "./state.ts";
import {
  type Change,
  type Instance,
  LeaseLostError,
  type LeaseReport,
  type LeaveChange,
  type ListQuery,
  type Outcome,
  type Page,
  type PresenceStore,
  type Snapshot,
} from "./store.ts";

export type { RedisClientOptions, RedisStats } from "./redis_client.ts";

/** What {@linkcode createRedisStore} is told. */
export interface RedisStoreOptions extends Pick<RedisClientOptions, "url" | "token"> {
  /** How long ended sessions are remembered, in ms. */
  readonly resumeWindowMs: number;
  /**
   * Longest wait for an answer, in ms.
   *
   * @default {2000}
   */
  readonly requestTimeoutMs?: number;
}

/** A store in Redis, which counts what it asks of it. */
export interface RedisStore extends PresenceStore {
  /** Requests and commands so far; what Upstash bills is the commands. */
  readonly stats: RedisStats;
}

/** Makes a store. It connects when it is first asked for something. */
export function createRedisStore(options: RedisStoreOptions): RedisStore {
  return new RedisPresenceStore(options);
}

/** Sessions that one script call ends when an instance is reaped. */
const REAP_CHUNK = 200;

class RedisPresenceStore implements RedisStore {
  readonly #resumeWindowMs: number;
  readonly #client: RedisClient;
  readonly #scripts: RedisScripts;
  readonly #reader: RedisReader;
  /** How many calls an instance has made under its lease, as far as Redis has said. */
  readonly #calls = new Map<Instance, number>();

  constructor({ url, token, resumeWindowMs, requestTimeoutMs = 2000 }: RedisStoreOptions) {
    this.#resumeWindowMs = resumeWindowMs;
    this.#client = new RedisClient({ url, token, requestTimeoutMs });
    this.#scripts = new RedisScripts(this.#client);
    this.#reader = new RedisReader(this.#client);
  }

  get stats(): RedisStats {
    return this.#client.stats;
  }

  async apply(instance: Instance, changes: readonly Change[]): Promise<readonly Outcome[]> {
    return await this.#apply(instance, changes, false);
  }

  async get(userIds: readonly string[]): Promise<Snapshot> {
    const { records, isAlive, lapsed } = await this.#reader.read(userIds);
    const presences = userIds.map((userId, at) => {
      const record = records[at];
      return record === undefined ? unknownPresence(userId) : presenceOf(record, isAlive);
    });
    return { presences, lapsed };
  }

  async list(query: ListQuery): Promise<Page> {
    return await listOnline(this.#client, this.#reader, query);
  }

  async sessionsOf(userId: string): Promise<readonly SessionState[]> {
    const { records, isAlive } = await this.#reader.read([userId]);
    return records[0]?.sessions.filter((session) => isAlive(session.instance)) ?? [];
  }

  async openLease(instance: Instance, ttlMs: number): Promise<LeaseReport> {
    this.#calls.delete(instance);
    return await this.#lease("open", instance, ttlMs);
  }

  async renewLease(instance: Instance, ttlMs: number): Promise<LeaseReport> {
    const report = await this.#lease("renew", instance, ttlMs);
    if (!report.held) this.#calls.delete(instance);
    return report;
  }

  async claim(instance: Instance, claimer: Instance, claimTtlMs: number): Promise<boolean> {
    const keys = [claimKey(instance), leaseKey(instance), INSTANCES_KEY];
    return await this.#scripts.run("claim", keys, [instance, claimer, `${claimTtlMs}`]) === 1;
  }

  async reap(instance: Instance, nowMs: number): Promise<readonly Outcome[]> {
    // Without the lease nothing can be put for the instance, so what is held now is all.
    const [, fields] = await this.#client.send((pipeline) => {
      pipeline.del(leaseKey(instance));
      pipeline.hgetall(heldKey(instance));
    });
    const leaves = leavesOf(fields as string[], instance, nowMs);
    const outcomes: Outcome[] = [];
    for (let start = 0; start < leaves.length; start += REAP_CHUNK) {
      outcomes.push(
        ...await this.#apply(instance, leaves.slice(start, start + REAP_CHUNK), true),
      );
    }
    await this.#client.send((pipeline) => {
      pipeline.del(heldKey(instance), claimKey(instance));
      pipeline.srem(INSTANCES_KEY, instance);
    });
    return outcomes.filter((outcome) => outcome.changed);
  }

  async ping(): Promise<void> {
    await this.#client.send((pipeline) => pipeline.ping());
  }

  async #apply(
    instance: Instance,
    changes: readonly Change[],
    reaping: boolean,
  ): Promise<Outcome[]> {
    if (changes.length === 0) return [];
    const options = { resumeWindowMs: this.#resumeWindowMs, reaping };
    const { keys, args } = encodeCall(instance, changes, options);
    const reply = await this.#scripts.run("apply", keys, args);
    if (reply === null) {
      throw new LeaseLostError(`The lease of ${instance} is gone: go on as a new instance`);
    }
    const [calls, outcomes] = reply as [number, string[]];
    if (calls > this.#callsOf(instance)) this.#calls.set(instance, calls);
    return decodeOutcomes(outcomes, changes, options);
  }

  #callsOf(instance: Instance): number {
    return this.#calls.get(instance) ?? 0;
  }

  async #lease(mode: "open" | "renew", instance: Instance, ttlMs: number): Promise<LeaseReport> {
    const others = this.#reader.known.filter((known) => known !== instance);
    const keys = [leaseKey(instance), INSTANCES_KEY, ...others.map(leaseKey)];
    const args = [mode, instance, `${ttlMs}`, `${this.#callsOf(instance)}`];
    const reply = await this.#scripts.run("lease", keys, args);
    const [held, registered, leases] = reply as [0 | 1, Instance[], (0 | 1)[]];
    const alive = new Set(others.filter((_, at) => leases[at] === 1));
    if (held === 1) alive.add(instance);
    this.#reader.learn(alive);
    const strangers = registered.filter((id) => id !== instance && !others.includes(id));
    const isAlive: IsAlive = strangers.length === 0
      ? (id) => alive.has(id)
      : (await this.#reader.read([], strangers)).isAlive;
    return {
      held: held === 1,
      lapsed: registered.filter((id) => !isAlive(id)),
      others: registered.filter((id) => id !== instance && isAlive(id)),
    };
  }
}

/** From the fields and values of a hash: session, user, session, user… */
function leavesOf(fields: readonly string[], instance: Instance, nowMs: number): LeaveChange[] {
  return fields.flatMap((session_id, at) => {
    const user_id = fields[at + 1];
    if (at % 2 === 1 || user_id === undefined) return [];
    return { op: "leave", user_id, session_id, instance, now_ms: nowMs } as const;
  });
}
