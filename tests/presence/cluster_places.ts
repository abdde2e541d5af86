/**
 * Where a cluster under test keeps its presence.
 *
 * @module
 */
import { claimKey, leaseKey } from "../../src/presence/redis_keys.ts";
import type { Instance, LeaseReport, PresenceStore } from "../../src/presence/store.ts";
import { createMemoryStore } from "../../src/presence/store_memory.ts";
import { WINDOW_MS } from "../conformance/store/builders.ts";
import type { Place } from "./cluster.ts";
import type { FakeProcess, FakeTime } from "./fake_time.ts";
import { FaultyInProcessStore, FaultyStore } from "./faulty_store.ts";
import type { RedisPlace } from "./redis_place.ts";

/** In memory, which each node has to call. */
export class MemoryPlace implements Place {
  readonly #time: FakeTime;
  #store: PresenceStore;

  constructor(time: FakeTime) {
    this.#time = time;
    this.#store = this.#empty();
  }

  open(): PresenceStore {
    return this.#store;
  }

  openFor(process: FakeProcess): FaultyStore {
    return new FaultyStore(this.open(), process);
  }

  flush(): Promise<void> {
    this.#store = this.#empty();
    return Promise.resolve();
  }

  #empty(): PresenceStore {
    return createMemoryStore({ resumeWindowMs: WINDOW_MS, now: () => this.#time.nowMs });
  }
}

/** In memory, which is each node's own. */
export class InProcessPlace extends MemoryPlace {
  override openFor(process: FakeProcess): FaultyStore {
    return new FaultyInProcessStore(this.open(), process);
  }
}

/** Longer than any run takes, in ms of the time that Redis goes by. */
const ENDLESS_MS = 600_000;

/** In a real Redis, where leases and claims run out by the cluster's time. */
export class TimedRedisPlace implements Place {
  readonly #redis: RedisPlace;
  readonly #time: FakeTime;
  /** When keys run out. */
  readonly #ends = new Map<string, number>();
  #underWay = 0;

  constructor(redis: RedisPlace, time: FakeTime) {
    this.#redis = redis;
    this.#time = time;
    time.isBusy = () => this.#underWay > 0;
  }

  async flush(): Promise<void> {
    this.#ends.clear();
    await this.#redis.command("FLUSHALL");
  }

  openFor(process: FakeProcess): FaultyStore {
    return new FaultyStore(this.open(), process);
  }

  open(): PresenceStore {
    const store = this.#redis.store();
    const lease = (work: (ttlMs: number) => Promise<LeaseReport>, id: Instance, ttlMs: number) =>
      this.#call(async () => {
        const report = await work(ENDLESS_MS);
        if (report.held) this.#ends.set(leaseKey(id), this.#time.nowMs + ttlMs);
        return report;
      });
    return {
      apply: (instance, changes) => this.#call(() => store.apply(instance, changes)),
      get: (userIds) => this.#call(() => store.get(userIds)),
      list: (query) => this.#call(() => store.list(query)),
      sessionsOf: (userId) => this.#call(() => store.sessionsOf(userId)),
      openLease: (id, ttlMs) => lease((ttl) => store.openLease(id, ttl), id, ttlMs),
      renewLease: (id, ttlMs) => lease((ttl) => store.renewLease(id, ttl), id, ttlMs),
      claim: (instance, claimer, ttlMs) =>
        this.#call(async () => {
          const isOurs = await store.claim(instance, claimer, ENDLESS_MS);
          if (isOurs) this.#ends.set(claimKey(instance), this.#time.nowMs + ttlMs);
          return isOurs;
        }),
      reap: (instance, nowMs) => this.#call(() => store.reap(instance, nowMs)),
      ping: () => this.#call(() => store.ping()),
    };
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      const over = [...this.#ends].filter(([, endMs]) => endMs <= this.#time.nowMs);
      for (const [key] of over) this.#ends.delete(key);
      if (over.length > 0) await this.#redis.command("DEL", ...over.map(([key]) => key));
      return await work();
    } finally {
      this.#underWay--;
    }
  }
}
