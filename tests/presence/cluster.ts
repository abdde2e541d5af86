/**
 * Several nodes in this process, over one store and one bus, each of which may come to grief.
 *
 * @module
 */
import { createMemoryExchange, type MemoryExchange } from "../../src/bus/bus_memory.ts";
import { createSubjects } from "../../src/bus/subjects.ts";
import type { Interest } from "../../src/presence/audiences.ts";
import { NodePresence } from "../../src/presence/presence.ts";
import { type PresenceStore, StoreUnavailableError } from "../../src/presence/store.ts";
import { Counters } from "../../src/telemetry/counters.ts";
import { TimerWheel } from "../../src/timer_wheel.ts";
import { FakeProcess, type FakeTime } from "./fake_time.ts";
import type { FaultyStore } from "./faulty_store.ts";
import { ProcessBus } from "./process_bus.ts";
import { View } from "./view.ts";

/** How long a node's lease is good for, in ms. */
export const NODE_LEASE_MS = 3000;
const GRACE_MS = 400;
const TOKEN_MS = 3_600_000;
const SNAPSHOT_RETRY_MS = 300;

/** One store, as several nodes have it. */
export interface Place {
  /** The store as a reader has it. */
  open(): PresenceStore;
  /** The store of one more node. */
  openFor(process: FakeProcess): FaultyStore;
  /** Loses all data. */
  flush(): Promise<void>;
}

/** A session as its client knows it. */
export interface ClientSession {
  readonly id: string;
  readonly userId: string;
  /** Its socket broke, or it left: it counts no more. */
  isOver: boolean;
}

/** One run of a node. */
export class ClusterNode {
  readonly process = new FakeProcess();
  readonly bus: ProcessBus;
  readonly store: FaultyStore;
  readonly presence: NodePresence;
  readonly sessions: ClientSession[] = [];
  readonly views: View[] = [];
  /** What went wrong that should not have. */
  readonly failures: string[] = [];

  constructor(id: string, exchange: MemoryExchange, place: Place, skewMs: number) {
    this.process.skewMs = skewMs;
    this.bus = new ProcessBus(exchange.connect(), this.process);
    this.store = place.openFor(this.process);
    this.presence = this.process.run(() => this.#compose(id));
    this.#do(() => this.presence.start());
  }

  /** Whether it can be talked to. */
  get isRunning(): boolean {
    return this.process.isRunning;
  }

  /** Sessions whose clients are connected. */
  get live(): ClientSession[] {
    return this.sessions.filter((session) => !session.isOver);
  }

  join(userId: string, id: string): void {
    this.sessions.push({ id, userId, isOver: false });
    const now = () => Date.now();
    this.#do(() =>
      this.presence.tracker.join({
        sessionId: id,
        userId,
        name: undefined,
        connectedAtMs: now(),
        tokenExpiresAtMs: now() + TOKEN_MS,
      })
    );
  }

  update(id: string, patch: Parameters<NodePresence["tracker"]["update"]>[1]): void {
    this.#do(() => this.presence.tracker.update(id, patch));
  }

  resume(id: string, from: string): void {
    this.#do(() => this.presence.tracker.resume(id, from));
  }

  leave(session: ClientSession): void {
    session.isOver = true;
    this.process.run(() => this.presence.tracker.leave(session.id));
  }

  breakOff(session: ClientSession): void {
    session.isOver = true;
    this.process.run(() => this.presence.tracker.breakOff(session.id));
  }

  /** Somebody begins to watch: subscribes first, then takes a snapshot, until there is one. */
  watch(view: View): void {
    this.views.push(view);
    this.process.run(() => this.presence.feed.subscribe(view, view.interest));
    this.#do(() => this.#snapshot(view));
  }

  unwatch(view: View): void {
    this.views.splice(this.views.indexOf(view), 1);
    this.process.run(() => this.presence.feed.release(view));
  }

  /** Ends it as SIGKILL would. */
  crash(): void {
    this.process.end();
    this.bus.disconnect();
  }

  /** Takes away all that keeps it from working. */
  heal(): void {
    this.process.thaw();
    this.store.isAway = this.store.losesAnswers = false;
    this.store.lateMs = 0;
    this.bus.holdsPresence = false;
    this.bus.deliverHeld([2, 1]);
    this.bus.reconnect();
    for (const view of this.views) this.setLagging(view, false);
  }

  setLagging(view: View, isLagging: boolean): void {
    view.isLagging = isLagging;
    if (!isLagging) this.process.run(() => this.presence.feed.catchUp(view));
  }

  async #snapshot(view: View): Promise<void> {
    while (this.views.includes(view)) {
      try {
        await this.presence.feed.settle();
        view.apply((await this.presence.snapshots.of(view.interest)).presences);
        return;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        await new Promise<void>((resolve) => setTimeout(resolve, SNAPSHOT_RETRY_MS));
      }
    }
  }

  /** The callers of a store that is away are told so; whatever else goes wrong is a failure. */
  #do(work: () => Promise<unknown>): void {
    this.process.run(work).catch((error) => {
      if (!(error instanceof StoreUnavailableError)) this.failures.push(String(error));
    });
  }

  #compose(id: string): NodePresence {
    return new NodePresence({
      store: this.store,
      bus: this.bus,
      subjects: createSubjects("t"),
      counters: new Counters(),
      wheel: new TimerWheel((error) => this.failures.push(String(error))),
      nodeId: id,
      region: id,
      leaseMs: NODE_LEASE_MS,
      graceMs: GRACE_MS,
      flushMs: 50,
      connections: () => this.live.length,
      log: {
        reaped() {},
        leaseLost() {},
        storeAway() {},
        storeBack() {},
        malformed: (subject) => this.failures.push(`malformed: ${subject}`),
        failed: (what, error) => this.failures.push(`${what}: ${error}`),
      },
    });
  }
}

/** All nodes, and what happened to each user's sessions. */
export class Cluster {
  readonly time: FakeTime;
  readonly place: Place;
  readonly nodes: ClusterNode[] = [];
  /** Every session that a user ever had. */
  readonly past = new Map<string, string[]>();
  readonly #exchange = createMemoryExchange();
  readonly #contents = new Map<string, string>();
  #made = 0;
  #hardship: "clocks" | "flush" | undefined;

  constructor(time: FakeTime, place: Place, count: number) {
    this.time = time;
    this.place = place;
    for (let at = 0; at < count; at++) this.start(at);
  }

  /** Starts a node, or starts it again after a crash. */
  start(at: number, skewMs = 0): void {
    this.nodes[at] = new ClusterNode(`n${at}`, this.#exchange, this.place, skewMs);
  }

  /**
   * Whether that may happen in this run: versions grow past a loss of all data because time does, and
   * no further. The first of the two hardships decides.
   */
  allows(hardship: "clocks" | "flush"): boolean {
    this.#hardship ??= hardship;
    return this.#hardship === hardship;
  }

  join(node: ClusterNode, userId: string): string {
    const id = `ws_${++this.#made}`;
    this.past.set(userId, [...this.past.get(userId) ?? [], id]);
    node.join(userId, id);
    return id;
  }

  watch(node: ClusterNode, interest: Interest): void {
    node.watch(new View(interest, this.#contents, node.failures));
  }

  /** Loses all data of the store. */
  async flush(): Promise<void> {
    await this.place.flush();
    for (const node of this.nodes) node.store.target = this.place.open();
  }
}
