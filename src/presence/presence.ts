import { type Bus, BusError } from "../bus/bus.ts";
import type { Subjects } from "../bus/subjects.ts";
import type { Counters } from "../telemetry/counters.ts";
import type { TimerWheel } from "../timer_wheel.ts";
import { Announcer } from "./announcer.ts";
import { PresenceFeed } from "./feed.ts";
import { Lease } from "./lease.ts";
import { Membership } from "./membership.ts";
import type { Beat } from "./peers.ts";
import { resync } from "./resync.ts";
import { Snapshots } from "./snapshots.ts";
import { type Instance, type PresenceStore, StoreUnavailableError } from "./store.ts";
import { PresenceTracker } from "./tracker.ts";

/** A claimer that dies while it reaps loses the claim after so long, in ms. */
const CLAIM_TTL_MS = 5000;

/** How soon a claim is tried again while the store is away, in ms. */
const CLAIM_RETRY_MS = 250;

/** What {@linkcode NodePresence} works with. Times are in ms. */
export interface NodePresenceOptions {
  readonly store: PresenceStore;
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly counters: Counters;
  readonly wheel: TimerWheel;
  readonly nodeId: string;
  readonly region: string;
  readonly leaseMs: number;
  readonly graceMs: number;
  readonly flushMs: number;
  /** Connections of this node now. */
  readonly connections: () => number;
  readonly log: PresenceLog;
}

/** What presence has to say to an operator. */
export interface PresenceLog {
  /** Another node is dead; this one ended its sessions. */
  reaped(instance: Instance, sessions: number): void;
  /** This node was taken for dead, or the store lost its data; it goes on under a new incarnation. */
  leaseLost(): void;
  storeAway(error: StoreUnavailableError): void;
  storeBack(): void;
  malformed(subject: string): void;
  /** Something that should not happen; `what` was being done. */
  failed(what: string, error: unknown): void;
}

/** All of presence on one node: its sessions, its lease, its peers, and who watches what. */
export class NodePresence {
  readonly feed: PresenceFeed;
  readonly tracker: PresenceTracker;
  readonly snapshots: Snapshots;
  readonly membership: Membership;
  readonly lease: Lease;
  readonly #options: NodePresenceOptions;
  readonly #announcer: Announcer;
  readonly #startedAt = new Date().toISOString();
  readonly #reaping = new Map<Instance, Promise<void>>();
  /** Claimed by this node, and not reaped yet because the store went away. */
  readonly #claimed = new Set<Instance>();
  readonly #retries = new Set<ReturnType<typeof setTimeout>>();
  #stopStatus: (() => void) | undefined;
  #isStoreAway = false;

  constructor(options: NodePresenceOptions) {
    this.#options = options;
    const { store, bus, subjects, counters, wheel, nodeId, region, log } = options;
    this.feed = new PresenceFeed({
      bus,
      subjects,
      counters,
      flushMs: options.flushMs,
      onMalformed: log.malformed,
    });
    this.#announcer = new Announcer(bus, subjects, this.feed);
    this.lease = new Lease({
      store,
      nodeId,
      ttlMs: options.leaseMs,
      onOpened: () => this.#onLeaseOpened(),
      onHeld: () => this.#onStoreThere(),
      onLost: () => this.#onLeaseLost(),
      onLapsed: (instances) => void this.reap(instances),
      onUnavailable: (error) => this.#onStoreAway(error),
      onError: (error) => log.failed("lease", error),
    });
    this.tracker = new PresenceTracker({
      store,
      wheel,
      counters,
      region,
      graceMs: options.graceMs,
      instance: () => this.lease.instance,
      announce: (outcome) => this.#announcer.announce(outcome),
      onLeaseLost: () => this.lease.lose(),
      onRefused: (error) => log.failed("write", error),
    });
    this.snapshots = new Snapshots({ store, reap: (lapsed) => this.reap(lapsed) });
    this.membership = new Membership({
      bus,
      subjects,
      nodeId,
      beat: () => this.#beat(),
      onDead: (instance) => void this.#end(instance),
    });
  }

  /** Whether changes get through to the store. */
  get isStoreHealthy(): boolean {
    return this.lease.isHeld && this.tracker.writer.isHealthy;
  }

  /** Opens the lease and meets the peers; resolves when the store was asked once. */
  async start(): Promise<void> {
    const { bus } = this.#options;
    this.#stopStatus = bus.onStatus((status) => {
      if (status === "connected") void this.#rejoin();
    });
    this.membership.start();
    await this.lease.check();
  }

  /** Resolves when the bus knows of everything that is watched here, or is away: then a resync follows. */
  async settle(): Promise<void> {
    try {
      await this.#options.bus.flush();
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
    }
  }

  /** Ends what dead instances left behind; resolves when it is written, by whoever does it. */
  async reap(instances: readonly Instance[]): Promise<void> {
    await Promise.all(instances.map((instance) => this.#end(instance)));
  }

  /** Ends this node's own sessions and its lease: a clean goodbye. */
  async leave(): Promise<void> {
    await this.tracker.leaveAll();
    this.membership.stop();
    await this.lease.stop();
    const { store, log } = this.#options;
    try {
      const { instance } = this.lease;
      await store.claim(instance, instance, CLAIM_TTL_MS);
      await store.reap(instance, Date.now());
    } catch (error) {
      log.failed("leave", error);
    }
  }

  /** Falls silent at once, whatever is left undone. */
  stop(): void {
    this.#stopStatus?.();
    this.membership.stop();
    void this.lease.stop();
    this.tracker.stop();
    this.feed.stop();
    for (const retry of this.#retries) clearTimeout(retry);
  }

  #beat(): Beat {
    const { nodeId, region, connections } = this.#options;
    return {
      node_id: nodeId,
      instance: this.lease.instance,
      region,
      connections: connections(),
      started_at: this.#startedAt,
      is_leaving: false,
    };
  }

  #onLeaseOpened(): void {
    this.tracker.registerAgain();
    this.tracker.writer.resume();
    this.membership.beat();
  }

  #onLeaseLost(): void {
    this.tracker.writer.pause();
    this.#options.log.leaseLost();
  }

  #onStoreThere(): void {
    if (this.#isStoreAway) this.#options.log.storeBack();
    this.#isStoreAway = false;
  }

  #onStoreAway(error: StoreUnavailableError): void {
    if (!this.lease.isHeld) this.tracker.writer.fail(error);
    if (!this.#isStoreAway) this.#options.log.storeAway(error);
    this.#isStoreAway = true;
  }

  /** The bus is back: say what was missed, look up what we missed. */
  async #rejoin(): Promise<void> {
    const { bus, store, log } = this.#options;
    this.#announcer.repeat();
    try {
      // While we were cut off, others may have taken us for dead.
      await this.lease.check();
      await bus.flush();
      await resync(store, this.feed);
    } catch (error) {
      log.failed("resync", error);
    }
  }

  #end(instance: Instance): Promise<void> {
    let ending = this.#reaping.get(instance);
    if (ending === undefined) {
      ending = this.#claimAndReap(instance).finally(() => this.#reaping.delete(instance));
      this.#reaping.set(instance, ending);
    }
    return ending;
  }

  async #claimAndReap(instance: Instance): Promise<void> {
    const { store, log } = this.#options;
    if (instance === this.lease.instance) return;
    try {
      const isOurs = this.#claimed.has(instance) ||
        await store.claim(instance, this.lease.instance, CLAIM_TTL_MS);
      if (!isOurs) return;
      this.#claimed.add(instance);
      const outcomes = await store.reap(instance, Date.now());
      for (const outcome of outcomes) this.#announcer.announce(outcome);
      this.#claimed.delete(instance);
      log.reaped(instance, outcomes.length);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) {
        log.failed("reap", error);
        return;
      }
      const retry = setTimeout(() => {
        this.#retries.delete(retry);
        void this.#end(instance);
      }, CLAIM_RETRY_MS);
      this.#retries.add(retry);
    }
  }
}
