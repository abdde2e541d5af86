import {
  type Change,
  type Instance,
  LeaseLostError,
  type Outcome,
  type PresenceStore,
  StoreUnavailableError,
} from "./store.ts";

const MAX_BATCH = 100;
const MAX_IN_FLIGHT = 4;

/**
 * After a batch the next waits so long for each change that it had, in ms: alone, a change goes out
 * at once; in a storm they gather.
 */
const GAP_PER_CHANGE_MS = 5;
const MAX_GAP_MS = 50;

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2000;

/** What is to be written of a session. Its state is read only when it is sent: the newest wins. */
export type Intent =
  | { readonly op: "put" }
  | { readonly op: "leave" }
  | { readonly op: "resume"; readonly fromSessionId: string };

/** What {@linkcode PresenceWriter} works with. */
export interface WriterOptions {
  readonly store: PresenceStore;
  /** The instance that writes now. */
  readonly instance: () => Instance;
  /** Builds the change from the session's present state; undefined when there is nothing to do. */
  readonly change: (sessionId: string, intent: Intent) => Change | undefined;
  readonly onOutcome: (sessionId: string, intent: Intent, outcome: Outcome) => void;
  readonly onLeaseLost: () => void;
  /** Told of a change that the store refused for good; it was dropped. */
  readonly onRefused: (error: unknown) => void;
}

interface Pending {
  readonly sessionId: string;
  readonly intent: Intent;
  readonly waiters: PromiseWithResolvers<Outcome>[];
}

/**
 * Writes sessions' changes to the store: at once when they are few, in batches when they are many,
 * a session's own in order, and again until they are written when the store is away. The queue is
 * bounded by the sessions there are: of one session, only the newest state waits.
 */
export class PresenceWriter {
  readonly #options: WriterOptions;
  /** By session, in order of arrival. */
  readonly #pending = new Map<string, Pending[]>();
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
    return this.#pending.size + this.#writing.size;
  }

  /**
   * Writes what a session intends.
   *
   * @throws {StoreUnavailableError} when the store is away; the change is kept and written later
   */
  write(sessionId: string, intent: Intent): Promise<Outcome> {
    const waiter = Promise.withResolvers<Outcome>();
    this.#enqueue(sessionId, intent, waiter);
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

  resume(): void {
    this.#isPaused = false;
    this.#retryMs = 0;
    this.#plan();
  }

  /** Nothing can be written for now: whoever waits is told, and what they wait for is kept. */
  fail(error: StoreUnavailableError): void {
    this.#retryMs = Math.max(this.#retryMs, FIRST_RETRY_MS);
    this.#reject([...this.#pending.values()].flat(), error);
  }

  /** Resolves when everything is written. */
  idle(): Promise<void> {
    if (this.queued === 0) return Promise.resolve();
    this.#whenIdle ??= Promise.withResolvers();
    return this.#whenIdle.promise;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#isPaused = true;
    this.#reject([...this.#pending.values()].flat(), new StoreUnavailableError("Shutting down"));
    this.#pending.clear();
  }

  #enqueue(sessionId: string, intent: Intent, waiter: PromiseWithResolvers<Outcome>): void {
    const queue = this.#pending.get(sessionId);
    if (queue === undefined) {
      this.#pending.set(sessionId, [{ sessionId, intent, waiters: [waiter] }]);
      return;
    }
    const last = queue.at(-1);
    if (last !== undefined && overtakes(intent, last.intent)) {
      queue[queue.length - 1] = { sessionId, intent, waiters: [...last.waiters, waiter] };
      return;
    }
    queue.push({ sessionId, intent, waiters: [waiter] });
  }

  #plan(): void {
    if (this.#timer !== undefined || this.#isPaused) return;
    if (this.#pending.size === 0 || this.#inFlight >= MAX_IN_FLIGHT) return;
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
    const gapMs = Math.min(batch.length * GAP_PER_CHANGE_MS, MAX_GAP_MS);
    this.#notBefore = performance.now() + gapMs;
    this.#inFlight++;
    this.#apply(batch).finally(() => {
      this.#inFlight--;
      for (const { pending } of batch) this.#writing.delete(pending.sessionId);
      this.#plan();
      this.#settle();
    });
    this.#plan();
  }

  #settle(): void {
    if (this.queued > 0) return;
    this.#whenIdle?.resolve();
    this.#whenIdle = undefined;
  }

  #take(): { pending: Pending; change: Change }[] {
    const batch: { pending: Pending; change: Change }[] = [];
    for (const [sessionId, queue] of this.#pending) {
      if (batch.length >= MAX_BATCH) break;
      if (this.#writing.has(sessionId)) continue;
      this.#pending.delete(sessionId);
      for (const pending of queue) {
        const change = this.#options.change(sessionId, pending.intent);
        if (change === undefined) {
          this.#reject([pending], new StoreUnavailableError("The session is gone"));
          continue;
        }
        batch.push({ pending, change });
        this.#writing.add(sessionId);
      }
    }
    return batch;
  }

  async #apply(batch: readonly { pending: Pending; change: Change }[]): Promise<void> {
    const { store, instance, onOutcome, onLeaseLost, onRefused } = this.#options;
    try {
      const outcomes = await store.apply(instance(), batch.map(({ change }) => change));
      this.#retryMs = 0;
      outcomes.forEach((outcome, index) => {
        const pending = batch[index]?.pending;
        if (pending === undefined) return;
        onOutcome(pending.sessionId, pending.intent, outcome);
        for (const waiter of pending.waiters) waiter.resolve(outcome);
      });
    } catch (error) {
      const pending = batch.map((entry) => entry.pending);
      if (error instanceof LeaseLostError) {
        this.#isPaused = true;
        this.#putBack(pending);
        onLeaseLost();
      } else if (error instanceof StoreUnavailableError) {
        this.#retryMs = Math.min(Math.max(this.#retryMs * 2, FIRST_RETRY_MS), MAX_RETRY_MS);
        this.#notBefore = performance.now() + this.#retryMs;
        this.#reject(pending, error);
        this.#putBack(pending.map((entry) => ({ ...entry, waiters: [] })));
      } else {
        onRefused(error);
        this.#reject(pending, error);
      }
    }
  }

  /** Puts what was not written before what came meanwhile, which overtakes it where it can. */
  #putBack(entries: readonly Pending[]): void {
    for (const entry of entries.toReversed()) {
      const queue = this.#pending.get(entry.sessionId);
      const next = queue?.[0];
      if (queue === undefined || next === undefined) {
        this.#pending.set(entry.sessionId, [entry]);
      } else if (overtakes(next.intent, entry.intent)) {
        queue[0] = { ...next, waiters: [...entry.waiters, ...next.waiters] };
      } else queue.unshift(entry);
    }
  }

  #reject(entries: readonly Pending[], error: unknown): void {
    for (const { waiters } of entries) for (const waiter of waiters) waiter.reject(error);
  }
}

/** Whether writing the later intent makes the earlier one needless. */
function overtakes(later: Intent, earlier: Intent): boolean {
  return later.op !== "resume" && earlier.op !== "resume";
}
