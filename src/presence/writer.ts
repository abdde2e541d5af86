import { nextTurn } from "./pace.ts";
import {
  type Change,
  type Instance,
  LeaseLostError,
  type Outcome,
  type PresenceStore,
  StoreUnavailableError,
} from "./store.ts";
import { concerned, type Intent, type Pending, rejectAll, WriteQueue } from "./write_queue.ts";

/** Changes in one script call. */
const MAX_BATCH = 100;
const MAX_IN_FLIGHT = 4;

/** Each outcome is announced and brings a player in: so many in one turn of the event loop. */
const OUTCOMES_PER_TURN = 20;

/**
 * Each change in a batch keeps the next batch waiting for so long, in ms, up to a limit; a writer that
 * has rested may be so much early. A few changes go out at once; in a storm they gather.
 */
const GAP_PER_CHANGE_MS = 5;
const MAX_GAP_MS = 50;
const MAX_EARLY_MS = 20;

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2000;

/** What {@linkcode PresenceWriter} works with. */
export interface WriterOptions {
  readonly store: PresenceStore;
  /** The instance that writes now. */
  readonly instance: () => Instance;
  /** Builds the change from the session's present state; undefined when there is nothing to do. */
  readonly change: (sessionId: string, intent: Intent) => Change | undefined;
  /**
   * A change was written. `isRepeated`: an earlier attempt may have done it, unseen, so that there may
   * be something to announce even when the store found nothing left to do.
   */
  readonly onOutcome: (
    sessionId: string,
    intent: Intent,
    outcome: Outcome,
    isRepeated: boolean,
  ) => void;
  /** The writing instance's lease is gone; nothing is sent until `resume()`. */
  readonly onLeaseLost: () => void;
  /** Told of a change that the store refused for good; it was dropped. */
  readonly onRefused: (error: unknown) => void;
}

interface Entry {
  readonly pending: Pending;
  readonly change: Change;
}

/**
 * Writes sessions' changes to the store: at once when they are few, in batches when they are many,
 * a session's own in order, and again until they are written when the store is away.
 */
export class PresenceWriter {
  readonly #options: WriterOptions;
  readonly #queue = new WriteQueue();
  /** Sessions that something under way concerns. */
  readonly #writing = new Set<string>();
  #inFlight = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #notBefore = 0;
  #retryMs = 0;
  #isPaused = true;
  #whenIdle: PromiseWithResolvers<void> | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Whether the store answered when last asked. */
  get isHealthy(): boolean {
    return this.#retryMs === 0;
  }

  /** Sessions whose newest state is not written yet. */
  get queued(): number {
    let both = 0;
    for (const sessionId of this.#writing) if (this.#queue.has(sessionId)) both++;
    return this.#queue.size + this.#writing.size - both;
  }

  /**
   * Writes what a session intends.
   *
   * @throws {StoreUnavailableError} when the store is away; the change is kept and written later
   */
  write(sessionId: string, intent: Intent): Promise<Outcome> {
    const waiter = Promise.withResolvers<Outcome>();
    this.#queue.add({ sessionId, intent, waiters: [waiter], isRepeated: false });
    if (!this.isHealthy) {
      waiter.reject(new StoreUnavailableError("The presence store is away; the change is kept"));
    }
    this.#plan();
    return waiter.promise;
  }

  /** Stops sending, until {@linkcode resume}: while there is no lease to write under. */
  pause(): void {
    this.#isPaused = true;
  }

  /** The lease is held and the store there: what waits is sent now. */
  resume(): void {
    this.#isPaused = false;
    if (!this.isHealthy) {
      this.#retryMs = 0;
      this.#notBefore = 0;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    this.#plan();
  }

  /** Nothing can be written for now: whoever waits is told, and what they wait for is kept. */
  fail(error: StoreUnavailableError): void {
    this.#retryMs = Math.max(this.#retryMs, FIRST_RETRY_MS);
    this.#queue.reject(error);
    this.#settle();
  }

  /** Resolves when everything is written, or when that cannot be done now. */
  idle(): Promise<void> {
    if (this.queued === 0 || !this.isHealthy) return Promise.resolve();
    this.#whenIdle ??= Promise.withResolvers();
    return this.#whenIdle.promise;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#isPaused = true;
    this.#queue.reject(new StoreUnavailableError("Shutting down"));
    this.#queue.clear();
  }

  #plan(): void {
    if (this.#timer !== undefined || this.#isPaused || this.#queue.size === 0) return;
    // One attempt is enough to see whether the store is back.
    if (this.#inFlight >= (this.isHealthy ? MAX_IN_FLIGHT : 1)) return;
    const waitMs = this.#notBefore - performance.now();
    if (waitMs <= 0) {
      this.#send();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#send();
    }, waitMs);
  }

  #send(): void {
    if (this.#isPaused) return;
    const batch = this.#take();
    if (batch.length === 0) {
      this.#settle();
      return;
    }
    if (this.#options.store.isInProcess !== true) {
      const gapMs = Math.min(batch.length * GAP_PER_CHANGE_MS, MAX_GAP_MS);
      this.#notBefore = Math.max(this.#notBefore, performance.now() - MAX_EARLY_MS) + gapMs;
    }
    this.#inFlight++;
    this.#apply(this.#options.instance(), batch).finally(() => {
      this.#inFlight--;
      for (const id of batch.flatMap(({ pending }) => concerned(pending))) this.#writing.delete(id);
      this.#plan();
      this.#settle();
    });
    this.#plan();
  }

  #settle(): void {
    if (this.queued > 0 && this.isHealthy) return;
    this.#whenIdle?.resolve();
    this.#whenIdle = undefined;
  }

  #take(): Entry[] {
    const taken = this.#queue.take(MAX_BATCH, (sessionId) => this.#writing.has(sessionId));
    return taken.flatMap((pending) => {
      const change = this.#options.change(pending.sessionId, pending.intent);
      if (change === undefined) {
        rejectAll([pending], new StoreUnavailableError("The session is gone"));
        return [];
      }
      for (const id of concerned(pending)) this.#writing.add(id);
      return [{ pending, change }];
    });
  }

  async #apply(instance: Instance, batch: readonly Entry[]): Promise<void> {
    let outcomes: readonly Outcome[];
    try {
      outcomes = await this.#options.store.apply(instance, batch.map(({ change }) => change));
    } catch (error) {
      const pending = batch.map((entry) => entry.pending);
      if (error instanceof LeaseLostError) this.#onLeaseLost(instance, pending);
      else if (error instanceof StoreUnavailableError) this.#onUnavailable(error, pending);
      else await this.#onRefused(error, instance, batch);
      return;
    }
    this.#retryMs = 0;
    for (const [index, outcome] of outcomes.entries()) {
      const entry = batch[index];
      if (entry !== undefined) this.#succeed(entry.pending, outcome);
      if (index % OUTCOMES_PER_TURN === OUTCOMES_PER_TURN - 1) await nextTurn();
    }
  }

  #succeed({ sessionId, intent, waiters, isRepeated }: Pending, outcome: Outcome): void {
    this.#options.onOutcome(sessionId, intent, outcome, isRepeated);
    for (const waiter of waiters) waiter.resolve(outcome);
  }

  #onLeaseLost(instance: Instance, pending: readonly Pending[]): void {
    this.#queue.putBack(pending);
    // Several batches may bring the same news: by the second, the node may have gone on already.
    if (instance !== this.#options.instance()) return;
    this.#isPaused = true;
    this.#options.onLeaseLost();
  }

  #onUnavailable(error: StoreUnavailableError, pending: readonly Pending[]): void {
    // Batches that fail together are one failure.
    const isFirst = this.isHealthy || this.#inFlight === 1;
    if (isFirst) {
      this.#retryMs = Math.min(Math.max(this.#retryMs * 2, FIRST_RETRY_MS), MAX_RETRY_MS);
    }
    this.#notBefore = performance.now() + this.#retryMs;
    rejectAll(pending, error);
    this.#queue.putBack(pending.map((entry) => ({ ...entry, waiters: [], isRepeated: true })));
  }

  /** One change that the store cannot take must not drag the others down: each half is tried alone. */
  async #onRefused(error: unknown, instance: Instance, batch: readonly Entry[]): Promise<void> {
    if (batch.length === 1) {
      this.#options.onRefused(error);
      rejectAll(batch.map(({ pending }) => pending), error);
      return;
    }
    const again = batch.map(({ pending, change }) => ({
      pending: { ...pending, isRepeated: true },
      change,
    }));
    const middle = Math.ceil(again.length / 2);
    await this.#apply(instance, again.slice(0, middle));
    await this.#apply(instance, again.slice(middle));
  }
}
