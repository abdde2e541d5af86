/**
 * A store that can be slow, away, or gone before it has answered.
 *
 * @module
 */
import {
  type Change,
  type Instance,
  type LeaseReport,
  type ListQuery,
  type Outcome,
  type Page,
  type PresenceStore,
  type Snapshot,
  StoreUnavailableError,
} from "../../src/presence/store.ts";
import type { SessionState } from "../../src/presence/state.ts";
import { FakeProcess } from "./fake_time.ts";

/** A call that was made, `apply` for example, and what it was about. */
export interface Call {
  readonly name: string;
  readonly instance: Instance | undefined;
  readonly changes: readonly Change[];
}

/** Whoever asks waits so long for an answer, in ms. */
const REQUEST_TIMEOUT_MS = 2000;

/** The store as one process has it. */
export class FaultyStore implements PresenceStore {
  readonly calls: Call[] = [];
  /** Whether it cannot be reached. */
  isAway = false;
  /** Whether it does what it is asked, and the answer is lost. */
  losesAnswers = false;
  /** How long each answer takes, in ms. */
  latencyMs = 0;
  /** When changes are made, in ms, if that is so late that whoever asked has given up; else 0. */
  lateMs = 0;
  /** What it refuses for good, if anything. */
  refuses: (change: Change) => boolean = () => false;
  /** Where it is all kept. */
  target: PresenceStore;
  readonly #process: FakeProcess;

  constructor(target: PresenceStore, process = new FakeProcess()) {
    this.target = target;
    this.#process = process;
  }

  /** How often a method was called. */
  count(name: string): number {
    return this.calls.filter((call) => call.name === name).length;
  }

  apply(instance: Instance, changes: readonly Change[]): Promise<readonly Outcome[]> {
    return this.#call(
      "apply",
      (store) => {
        if (changes.some(this.refuses)) return Promise.reject(new Error("ERR refused"));
        return store.apply(instance, changes);
      },
      instance,
      changes,
    );
  }

  get(userIds: readonly string[]): Promise<Snapshot> {
    return this.#call("get", (store) => store.get(userIds));
  }

  list(query: ListQuery): Promise<Page> {
    return this.#call("list", (store) => store.list(query));
  }

  sessionsOf(userId: string): Promise<readonly SessionState[]> {
    return this.#call("sessionsOf", (store) => store.sessionsOf(userId));
  }

  openLease(instance: Instance, ttlMs: number): Promise<LeaseReport> {
    return this.#call("openLease", (store) => store.openLease(instance, ttlMs), instance);
  }

  renewLease(instance: Instance, ttlMs: number): Promise<LeaseReport> {
    return this.#call("renewLease", (store) => store.renewLease(instance, ttlMs), instance);
  }

  claim(instance: Instance, claimer: Instance, claimTtlMs: number): Promise<boolean> {
    return this.#call("claim", (store) => store.claim(instance, claimer, claimTtlMs), instance);
  }

  reap(instance: Instance, nowMs: number): Promise<readonly Outcome[]> {
    return this.#call("reap", (store) => store.reap(instance, nowMs), instance);
  }

  ping(): Promise<void> {
    return this.#call("ping", (store) => store.ping());
  }

  async #call<T>(
    name: string,
    work: (store: PresenceStore) => Promise<T>,
    instance?: Instance,
    changes: readonly Change[] = [],
  ): Promise<T> {
    this.calls.push({ name, instance, changes });
    const { latencyMs } = this;
    try {
      if (this.isAway) throw new StoreUnavailableError("The store is away");
      if (this.lateMs > 0 && name === "apply") return await this.#doLate(work);
      // What is on its way when the answers begin to get lost is done all the same.
      const result = await work(this.target);
      // What a reap has done can be found out: it is asked for until it is told.
      if (this.losesAnswers && name !== "reap") {
        throw new StoreUnavailableError("The answer was lost");
      }
      return result;
    } finally {
      if (latencyMs > 0) await new Promise<void>((resolve) => setTimeout(resolve, latencyMs));
      await this.#process.running();
    }
  }

  /** A request that hangs somewhere, and gets there in the end. */
  async #doLate(work: (store: PresenceStore) => Promise<unknown>): Promise<never> {
    const { target } = this;
    setTimeout(() => work(target).catch(() => {}), this.lateMs);
    await new Promise<void>((resolve) => setTimeout(resolve, REQUEST_TIMEOUT_MS));
    throw new StoreUnavailableError("The store did not answer in time");
  }
}

/** The store as a part of the process: changes are made at once, unless it is given a fault. */
export class FaultyInProcessStore extends FaultyStore {
  applyNow(instance: Instance, change: Change): Outcome | undefined {
    const isSlow = this.latencyMs > 0 || this.lateMs > 0;
    if (this.isAway || this.losesAnswers || isSlow || this.refuses(change)) return undefined;
    this.calls.push({ name: "applyNow", instance, changes: [change] });
    return this.target.applyNow?.(instance, change);
  }
}
