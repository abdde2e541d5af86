/**
 * Reading users' records from Redis, and which of the instances in them are alive.
 *
 * @module
 */
import type { IsAlive } from "./listing.ts";
import type { Pipeline, RedisClient } from "./redis_client.ts";
import { leaseKey, userKey } from "./redis_keys.ts";
import { type StoredRecord, toRecord } from "./redis_record.ts";
import type { UserRecord } from "./state.ts";
import type { Instance } from "./store.ts";

/** Records, with leases that were looked at no earlier than they. */
export interface JudgedRecords {
  /** In the order asked; undefined for a user of whom nothing is known. */
  readonly records: readonly (UserRecord | undefined)[];
  readonly isAlive: IsAlive;
  /** Those without a lease, of the instances in the records and of those asked about. */
  readonly lapsed: readonly Instance[];
}

/** Most keys in one command. */
const MAX_KEYS = 500;

/** Reads records and leases in one request, as long as no new instance turns up. */
export class RedisReader {
  readonly #client: RedisClient;
  /** Instances that may well turn up in a record: those found alive the last time. */
  #known: ReadonlySet<Instance> = new Set();

  constructor(client: RedisClient) {
    this.#client = client;
  }

  /** Instances that it makes sense to ask about. */
  get known(): readonly Instance[] {
    return [...this.#known];
  }

  /** Tells which instances hold a lease, as far as somebody has just found out. */
  learn(alive: Iterable<Instance>): void {
    this.#known = new Set(alive);
  }

  /**
   * Reads users' records.
   *
   * @param instances whose lease is to be looked at besides those in the records
   * @throws {StoreUnavailableError}
   */
  async read(
    userIds: readonly string[],
    instances: readonly Instance[] = [],
  ): Promise<JudgedRecords> {
    const asked = [...new Set([...instances, ...this.#known])];
    const [texts, leases] = await this.#request(userIds, asked);
    const records = texts.map((text) =>
      text === null ? undefined : toRecord(JSON.parse(text) as StoredRecord)
    );
    const alive = new Set(asked.filter((_, at) => leases[at] !== null));
    const mentioned = new Set(records.flatMap(instancesOf));
    const unasked = [...mentioned].filter((instance) => !asked.includes(instance));
    if (unasked.length > 0) {
      const [, more] = await this.#request([], unasked);
      for (const [at, instance] of unasked.entries()) if (more[at] !== null) alive.add(instance);
    }
    this.#known = alive;
    return {
      records,
      isAlive: (instance) => alive.has(instance),
      lapsed: [...new Set([...instances, ...mentioned])].filter((id) => !alive.has(id)),
    };
  }

  /** Records first: a lease that is looked at before may be gone by the time the record is read. */
  async #request(
    userIds: readonly string[],
    instances: readonly Instance[],
  ): Promise<[records: (string | null)[], leases: (string | null)[]]> {
    const keys = [...userIds.map(userKey), ...instances.map(leaseKey)];
    if (keys.length === 0) return [[], []];
    const values = (await this.#client.send((pipeline) => addReads(pipeline, keys)))
      .flat() as (string | null)[];
    return [values.slice(0, userIds.length), values.slice(userIds.length)];
  }
}

function addReads(pipeline: Pipeline, keys: readonly string[]): void {
  for (let start = 0; start < keys.length; start += MAX_KEYS) {
    pipeline.mget(...keys.slice(start, start + MAX_KEYS));
  }
}

function instancesOf(record: UserRecord | undefined): Instance[] {
  return record?.sessions.map((session) => session.instance) ?? [];
}
