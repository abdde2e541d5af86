import {
  type Instance,
  type LeaseReport,
  type PresenceStore,
  StoreUnavailableError,
} from "./store.ts";

/** How soon a lease is asked for again when the store is away, in ms. */
const RETRY_MS = 500;

/** What {@linkcode Lease} works with. */
export interface LeaseOptions {
  readonly store: PresenceStore;
  readonly nodeId: string;
  /** How long a lease is good for without renewal, in ms. */
  readonly ttlMs: number;
  /** A lease was begun under this instance, the first or a new one. */
  readonly onOpened: (instance: Instance) => void;
  /** The store confirmed the lease. */
  readonly onHeld: () => void;
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
  #incarnation = 0;
  #isHeld = false;
  #isStopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round: Promise<void> | undefined;
  /** When the lease was last known to be held, in ms of the monotonic clock. */
  #heldAtMs = 0;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#instance = this.#nextInstance();
  }

  /** The incarnation under which this node acts. */
  get instance(): Instance {
    return this.#instance;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** How long ago the lease was last confirmed, in ms. */
  get ageMs(): number {
    return this.#isHeld ? performance.now() - this.#heldAtMs : 0;
  }

  /** Opens the lease, or checks it, now; resolves when that was tried. */
  check(): Promise<void> {
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
    this.#instance = this.#nextInstance();
    this.#options.onLost();
    this.check();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#round;
    clearTimeout(this.#timer);
  }

  #nextInstance(): Instance {
    // Time makes it differ from every earlier run, the count from this run's own past.
    const incarnation = `${Date.now().toString(36)}${(this.#incarnation++).toString(36)}`;
    return `${this.#options.nodeId}:${incarnation}`;
  }

  #plan(): void {
    if (this.#isStopped) return;
    const delayMs = this.#isHeld ? this.#options.ttlMs / 3 : RETRY_MS;
    this.#timer = setTimeout(() => this.check(), Math.min(delayMs, this.#options.ttlMs / 3));
  }

  async #turn(): Promise<void> {
    const { store, ttlMs, onUnavailable, onError } = this.#options;
    const instance = this.#instance;
    const wasHeld = this.#isHeld;
    try {
      const report = wasHeld
        ? await store.renewLease(instance, ttlMs)
        : await store.openLease(instance, ttlMs);
      if (instance === this.#instance && !this.#isStopped) this.#take(report, wasHeld);
    } catch (error) {
      if (error instanceof StoreUnavailableError) onUnavailable(error);
      else onError(error);
    }
  }

  #take(report: LeaseReport, wasHeld: boolean): void {
    const { onOpened, onHeld, onLapsed } = this.#options;
    if (!report.held) {
      this.lose();
      return;
    }
    this.#isHeld = true;
    this.#heldAtMs = performance.now();
    onHeld();
    if (!wasHeld) onOpened(this.#instance);
    const others = report.lapsed.filter((instance) => instance !== this.#instance);
    if (others.length > 0) onLapsed(others);
  }
}
