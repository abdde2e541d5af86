import type { Bus } from "../bus/bus.ts";
import type { Subjects } from "../bus/subjects.ts";
import type { Counters } from "../telemetry/counters.ts";
import type { TimerWheel } from "../timer_wheel.ts";
import { Announcer } from "./announcer.ts";
import type { Beat } from "./beat.ts";
import { PresenceFeed } from "./feed.ts";
import { GivenUp } from "./given_up.ts";
import { nodeOf } from "./instance.ts";
import { Lease } from "./lease.ts";
import { Membership } from "./membership.ts";
import type { PresenceLog } from "./presence_log.ts";
import { Reaper } from "./reaper.ts";
import { Resync } from "./resync.ts";
import { Snapshots } from "./snapshots.ts";
import type { SessionState } from "./state.ts";
import type { Instance, Outcome, PresenceStore, StoreUnavailableError } from "./store.ts";
import { PresenceTracker } from "./tracker.ts";

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

/** All of presence on one node: its sessions, its lease, its peers, and who watches what. */
export class NodePresence {
  readonly feed: PresenceFeed;
  readonly tracker: PresenceTracker;
  readonly snapshots: Snapshots;
  readonly membership: Membership;
  readonly lease: Lease;
  readonly #options: NodePresenceOptions;
  readonly #announcer: Announcer;
  readonly #reaper: Reaper;
  readonly #resync: Resync;
  readonly #startedAt = new Date().toISOString();
  #stopStatus: (() => void) | undefined;
  #sessionWatcher: ((sessions: readonly SessionState[]) => void) | undefined;
  readonly #givenUp = new GivenUp();
  #isStoreAway = false;
  /** While the lease is asked for because of a doubt: the instance that it was under. */
  #doubted: Instance | undefined;

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
      onHeld: (others) => this.#onLeaseHeld(others),
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
      knownVersion: (userId) => this.feed.newest(userId)?.version,
      announce: (presence, before) => this.#announcer.announce(presence, before),
      onWasOver: (presence) => this.feed.offer(presence),
      onSessions: (sessions) => this.#onSessions(sessions),
      onLeaseLost: () => this.lease.lose(),
      onRefused: (error) => log.failed("write", error),
    });
    this.#reaper = new Reaper({
      store,
      instance: () => this.lease.instance,
      ready: (instance) => this.#saved(instance),
      onReaped: (instance, outcomes) => this.#onReaped(instance, outcomes),
      onError: (error) => log.failed("reap", error),
    });
    this.snapshots = new Snapshots({
      store,
      reap: async (lapsed) => {
        if (!this.lease.isReturning) await this.reap(lapsed);
      },
      show: (presences) => this.feed.show(presences),
    });
    this.#resync = new Resync({
      feed: this.feed,
      snapshots: this.snapshots,
      ready: () => Promise.all([bus.flush(), this.lease.settled()]),
      returningMs: () => this.lease.returningMs,
      holds: (sessionId) => this.tracker.state(sessionId) !== undefined,
      onGivenUp: () => void this.#doubt(),
      onError: (error) => log.failed("resync", error),
    });
    this.membership = new Membership({
      bus,
      subjects,
      nodeId,
      beat: () => this.#beat(),
      onDead: (instance) => this.#onDead(instance),
      onBuried: (instance) => this.#onBuried(instance),
      onDoubt: () => void this.lease.check(),
      onMissed: () => this.#rejoin(),
    });
  }

  /** Whether changes get through to the store. */
  get isStoreHealthy(): boolean {
    return this.lease.isHeld && !this.#isStoreAway && this.tracker.writer.isHealthy;
  }

  /** What every living node says of itself, this one included, in the order of their ids. */
  get nodes(): readonly Beat[] {
    return [this.#beat(), ...this.membership.peers]
      .toSorted((a, b) => a.node_id < b.node_id ? -1 : 1);
  }

  /** The watcher is told of all sessions of a user who has one here, after each change. */
  watchSessions(watcher: (sessions: readonly SessionState[]) => void): void {
    this.#sessionWatcher = watcher;
  }

  /** Opens the lease and meets the peers; resolves when the store was asked once. */
  async start(): Promise<void> {
    const { bus } = this.#options;
    this.#stopStatus = bus.onStatus((status) => {
      if (status === "connected") this.#rejoin();
    });
    this.membership.start();
    await this.lease.check();
  }

  /** Ends what dead instances left behind; resolves when it is written, by whoever does it. */
  async reap(instances: readonly Instance[]): Promise<void> {
    await Promise.all(instances.map((instance) => this.#reaper.reap(instance)));
  }

  /**
   * Ends this node's own sessions and its lease: a clean goodbye. When the store is away it says
   * nothing, so that the other nodes find out and see to it.
   */
  async leave(): Promise<void> {
    await this.tracker.leaveAll();
    await this.lease.stop();
    try {
      await this.#reaper.reapSelf();
      this.membership.leave();
    } catch (error) {
      this.#options.log.failed("leave", error);
    }
  }

  /** Falls silent at once, whatever is left undone. */
  stop(): void {
    this.#stopStatus?.();
    this.membership.stop();
    void this.lease.stop();
    this.tracker.stop();
    this.feed.stop();
    this.snapshots.stop();
    this.#resync.stop();
    this.#reaper.stop();
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
    this.membership.beat();
  }

  #onDead(instance: Instance): void {
    this.#givenUp.add(instance);
    void this.#reaper.reap(instance);
  }

  #onBuried(instance: Instance): void {
    this.#givenUp.add(instance);
    this.#resync.request();
  }

  #onLeaseHeld(others: readonly Instance[]): void {
    if (this.#isStoreAway) this.#options.log.storeBack();
    this.#isStoreAway = false;
    this.tracker.writer.resume();
    // What is watched was just looked up, or there would be no doubt: once more is without end.
    if (this.lease.instance === this.#doubted) return;
    const heard = this.membership.peers.map(({ instance }) => instance);
    // The bus is cut between them and us: what they say reaches us by way of the store alone.
    if (this.#givenUp.areAmong(others, heard)) this.#resync.request();
  }

  /**
   * The store shows sessions that live here as gone. Either others have reaped us in error: then the
   * lease is gone, and everyone is registered again. Or the store is late with what we wrote.
   */
  async #doubt(): Promise<void> {
    this.#doubted = this.lease.instance;
    await this.lease.check();
    this.#doubted = undefined;
  }

  #onLeaseLost(): void {
    this.tracker.writer.pause();
    this.#options.log.leaseLost();
    // If the store lost its data, whoever left meanwhile left no trace. By then every living node has
    // registered its sessions again, and whoever is missing still is gone.
    this.#resync.requestIn(this.#options.leaseMs);
  }

  #onStoreAway(error: StoreUnavailableError): void {
    if (!this.lease.isHeld) this.tracker.writer.fail(error);
    if (!this.#isStoreAway) this.#options.log.storeAway(error);
    this.#isStoreAway = true;
  }

  /** The bus is back, here or somewhere between its servers: say what was missed, look up what we missed. */
  #rejoin(): void {
    this.#announcer.repeat();
    // While we were cut off, others may have taken us for dead.
    void this.lease.check();
    this.#resync.request();
  }

  /** Our own sessions are written anew before what is left of our past is ended: nobody flickers. */
  async #saved(instance: Instance): Promise<void> {
    if (!this.lease.isOwn(instance)) return;
    await this.lease.check();
    await this.tracker.registered;
  }

  #onSessions(sessions: readonly SessionState[]): void {
    this.#sessionWatcher?.(sessions);
    // Sessions under our name that are not ours were those of a process that ran before us.
    for (const { instance } of sessions) {
      if (!this.lease.isOwn(instance) && nodeOf(instance) === this.#options.nodeId) {
        void this.#reaper.reap(instance);
      }
    }
  }

  #onReaped(instance: Instance, outcomes: readonly Outcome[]): void {
    for (const { presence, previous_location: before } of outcomes) {
      this.#announcer.announce(presence, [before]);
    }
    // It may have died before it could tell what it wrote last: everyone looks for themselves.
    this.membership.bury(instance);
    this.#resync.request();
    this.#options.log.reaped(instance, outcomes.length);
  }
}
