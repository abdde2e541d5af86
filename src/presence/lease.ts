import { firstInstance, isSameRun, nextInstance } from "./instance.ts";
import {
  type Instance,
  type LeaseReport,
  type PresenceStore,
  StoreUnavailableError,
} from "./store.ts";

/** How soon a lease is asked for again when the store is away, in ms. */
const RETRY_MS = 500;

/** After an outage in which leases ran out, all nodes have so long to open theirs again, in ms. */
const RETURN_MS = 2 * RETRY_MS;

/** What {@linkcode Lease} works with. */
export interface LeaseOptions {
  readonly store: PresenceStore;
  readonly nodeId: string;
  /** How long a lease is good for without renewal, in ms. */
  readonly ttlMs: number;
  /** A lease was begun under this instance, the first or a new one. */
  readonly onOpened: (instance: Instance) => void;
  /** The store confirmed the lease, this time or again, and named the others that hold one. */
  readonly onHeld: (others: readonly Instance[]) => void;
  /** The lease is gone: the node was paused or cut off for too long, or the store lost its data. */
  readonly onLost: () => void;
  /** Other instances whose lease is gone but whose sessions are still recorded. */
  readonly onLapsed: (instances: readonly Instance[]) => void;
  readonly onUnavailable: (error: StoreUnavailableError) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Keeps this node's one lease, under which all of its sessions live. When the lease is gone, it goes
 * on under a new incarnation: what others concluded of the old one stays true.
 */
export class Lease {
  readonly #options: LeaseOptions;
  #instance: Instance;
  #isHeld = false;
  #isStopped = false;
  #hasFailed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round: Promise<void> | undefined;
  /** When the lease was last known to be held, in ms of the monotonic clock. */
  #heldAtMs = performance.now();
  /** By then the others are back after an outage, if they live; in ms of the monotonic clock. */
  #othersBackAtMs = -Infinity;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#instance = firstInstance(options.nodeId);
  }

  /** The incarnation under which this node acts. */
  get instance(): Instance {
    return this.#instance;
  }

  /** Whether an instance is this node, now or before it last lost its lease. */
  isOwn(instance: Instance): boolean {
    return instance === this.#instance || isSameRun(instance, this.#instance);
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** How long ago the lease was last confirmed, in ms. */
  get ageMs(): number {
    return performance.now() - this.#heldAtMs;
  }

  /**
   * How long others still have to come back to a store that was away, in ms: until then it can show the
   * living as gone.
   */
  get returningMs(): number {
    return Math.max(0, this.#othersBackAtMs - performance.now());
  }

  /** Whether the store is away, or was until a moment ago: what it says of others proves nothing. */
  get isReturning(): boolean {
    return this.#hasFailed || this.returningMs > 0;
  }

  /** Resolves when it is known whether the store is there. */
  async settled(): Promise<void> {
    if (this.#hasFailed) await this.check();
    else await this.#round;
  }

  /** Opens the lease, or renews it, now; resolves when that was tried. */
  check(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    clearTimeout(this.#timer);
    this.#round ??= this.#turn().finally(() => {
      this.#round = undefined;
      this.#plan();
    });
    return this.#round;
  }

  /** Acts on the news that the lease is gone. */
  lose(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#instance = nextInstance(this.#instance);
    this.#options.onLost();
    void this.check();
  }

  /** Lets the lease be; resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  #plan(): void {
    if (this.#isStopped) return;
    const renewalMs = this.#options.ttlMs / 3;
    const delayMs = this.#hasFailed ? Math.min(RETRY_MS, renewalMs) : renewalMs;
    this.#timer = setTimeout(() => void this.check(), delayMs);
  }

  async #turn(): Promise<void> {
    const { onUnavailable, onError } = this.#options;
    const wasAway = this.#hasFailed;
    try {
      if (this.#isHeld) await this.#renew(wasAway);
      // A lease that turns out to be gone is opened anew at once.
      if (!this.#isHeld && !this.#isStopped) await this.#open(wasAway);
      this.#hasFailed = false;
    } catch (error) {
      this.#hasFailed = true;
      if (error instanceof StoreUnavailableError) onUnavailable(error);
      else onError(error);
    }
  }

  async #renew(wasAway: boolean): Promise<void> {
    const { store, ttlMs } = this.#options;
    const instance = this.#instance;
    const report = await store.renewLease(instance, ttlMs);
    if (this.#isStopped || instance !== this.#instance) return;
    if (report.held) this.#take(report, wasAway);
    else this.lose();
  }

  async #open(wasAway: boolean): Promise<void> {
    const { store, ttlMs, onOpened } = this.#options;
    const report = await store.openLease(this.#instance, ttlMs);
    if (this.#isStopped) return;
    this.#isHeld = true;
    onOpened(this.#instance);
    this.#take(report, wasAway);
  }

  #take({ lapsed, others }: LeaseReport, wasAway: boolean): void {
    const { onHeld, onLapsed } = this.#options;
    // Others renewed theirs up to a third of its life before we did.
    const mayHaveLapsed = this.ageMs >= this.#options.ttlMs * 2 / 3;
    this.#heldAtMs = performance.now();
    if (wasAway && mayHaveLapsed) this.#othersBackAtMs = this.#heldAtMs + RETURN_MS;
    onHeld(others);
    // A store that was away for us was so for others too: they have the time to come back.
    const areOthersBack = !wasAway && this.returningMs === 0;
    const over = lapsed.filter((instance) =>
      instance !== this.#instance && (areOthersBack || this.isOwn(instance))
    );
    if (over.length > 0) onLapsed(over);
  }
}
