import { nextTurn } from "./pace.ts";
import {
  type Change,
  type Instance,
  LeaseLostError,
  type Outcome,
  type PresenceStore,
  StoreUnavailableError,
} from "./store.ts";
import { WritePace } from "./write_pace.ts";
import { concerned, type Intent, type Pending, rejectAll, WriteQueue } from "./write_queue.ts";

/** Changes in one script call. */
const MAX_BATCH = 100;
const MAX_IN_FLIGHT = 4;

/** Each outcome is announced and brings a player in: so many in one turn of the event loop. */
const OUTCOMES_PER_TURN = 20;

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
  /** The store did not answer: what was asked for a session may have been done, or be done later. */
  readonly onUnanswered: (sessionId: string) => void;
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
 * Writes sessions' changes to the store: at once when it is part of this process or they are few, in
 * batches when they are many, a session's own in order, and again until they are written when it is
 * away.
 */
export class PresenceWriter {
  readonly #options: WriterOptions;
  readonly #queue = new WriteQueue();
  readonly #pace = new WritePace();
  /** Sessions that something under way concerns. */
  readonly #writing = new Set<string>();
  #inFlight = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isPaused = true;
  #whenIdle: PromiseWithResolvers<void> | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Whether the store answered when last asked. */
  get isHealthy(): boolean {
    return this.#pace.isHealthy;
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
    const outcome = this.#writeNow(sessionId, intent);
    if (outcome !== undefined) return Promise.resolve(outcome);
    const waiter = Promise.withResolvers<Outcome>();
    this.#enqueue(sessionId, intent, [waiter]);
    if (!this.isHealthy) {
      waiter.reject(new StoreUnavailableError("The presence store is away; the change is kept"));
    }
    return waiter.promise;
  }

  /** Writes what a session intends, now or later, and nobody waits for it. */
  post(sessionId: string, intent: Intent): void {
    if (this.#writeNow(sessionId, intent) === undefined) this.#enqueue(sessionId, intent, []);
  }

  /** Stops sending, until {@linkcode resume}: while there is no lease to write under. */
  pause(): void {
    this.#isPaused = true;
  }

  /** The lease is held and the store there: what waits is sent now. */
  resume(): void {
    this.#isPaused = false;
    if (!this.isHealthy) {
      this.#pace.reset();
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    this.#plan();
  }

  /** Nothing can be written for now: whoever waits is told, and what they wait for is kept. */
  fail(error: StoreUnavailableError): void {
    this.#pace.suspend();
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

  /** Past the queue, where the store can do that and nothing waits: what fails takes the long way. */
  #writeNow(sessionId: string, intent: Intent): Outcome | undefined {
    const { store, instance, change: changeOf, onOutcome } = this.#options;
    const isFree = this.#queue.size === 0 && this.#inFlight === 0 && this.isHealthy;
    if (store.applyNow === undefined || this.#isPaused || !isFree) return undefined;
    const change = changeOf(sessionId, intent);
    const outcome = change && store.applyNow(instance(), change);
    if (outcome !== undefined) onOutcome(sessionId, intent, outcome, false);
    return outcome;
  }

  #enqueue(sessionId: string, intent: Intent, waiters: Pending["waiters"]): void {
    this.#queue.add({ sessionId, intent, waiters, isRepeated: false });
    this.#plan();
  }

  #plan(): void {
    if (this.#timer !== undefined || this.#isPaused || this.#queue.size === 0) return;
    // One attempt is enough to see whether the store is back.
    if (this.#inFlight >= (this.isHealthy ? MAX_IN_FLIGHT : 1)) return;
    const { waitMs } = this.#pace;
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
    if (this.#options.store.applyNow === undefined) this.#pace.send(batch.length);
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
    this.#pace.succeed();
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
    this.#pace.fail(this.isHealthy || this.#inFlight === 1);
    rejectAll(pending, error);
    for (const { sessionId } of pending) this.#options.onUnanswered(sessionId);
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
