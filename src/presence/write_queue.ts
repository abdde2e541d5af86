import { type Outcome, StoreUnavailableError } from "./store.ts";

/** What is to be written of a session. Its state is read only when it is sent: the newest wins. */
export type Intent =
  | { readonly op: "put" }
  | { readonly op: "leave" }
  | { readonly op: "resume"; readonly fromSessionId: string };

/** An intent on its way. */
export interface Pending {
  readonly sessionId: string;
  readonly intent: Intent;
  /** Who waits for the outcome. */
  readonly waiters: readonly PromiseWithResolvers<Outcome>[];
  /** Whether it was sent before, and nobody knows what became of it. */
  readonly isRepeated: boolean;
}

/** A session has resumed one other at most: so many attempts wait, and further ones are not kept. */
const MAX_RESUMES = 4;

/**
 * What waits to be written, sessions in order of arrival and a session's own intents in order. It is
 * bounded by the sessions there are: a later intent takes the place of an earlier one where it can.
 */
export class WriteQueue {
  readonly #queues = new Map<string, Pending[]>();

  /** Sessions that have something to write. */
  get size(): number {
    return this.#queues.size;
  }

  has(sessionId: string): boolean {
    return this.#queues.has(sessionId);
  }

  /** Puts an intent last. */
  add(pending: Pending): void {
    const queue = this.#queues.get(pending.sessionId);
    const last = queue?.at(-1);
    if (queue === undefined || last === undefined) this.#queues.set(pending.sessionId, [pending]);
    else if (overtakes(pending.intent, last.intent)) {
      queue[queue.length - 1] = merged(last, pending);
    } else if (pending.intent.op === "resume" && resumes(queue) >= MAX_RESUMES) {
      rejectAll([pending], new StoreUnavailableError("Too much waits for the presence store"));
    } else queue.push(pending);
  }

  /** Puts what was taken and not written before what came meanwhile. */
  putBack(entries: readonly Pending[]): void {
    for (const entry of entries.toReversed()) {
      const queue = this.#queues.get(entry.sessionId);
      const next = queue?.[0];
      if (queue === undefined || next === undefined) this.#queues.set(entry.sessionId, [entry]);
      else if (overtakes(next.intent, entry.intent)) queue[0] = merged(entry, next);
      else queue.unshift(entry);
    }
  }

  /**
   * Takes one session's intents after the other's, as long as they are no more than `limit`. What
   * comes behind a resume stays, for it depends on what the session is let go on with; and nothing of
   * the earlier session may be written at the same time, or it would be there again.
   *
   * @param isBusy whether something that concerns a session is under way
   */
  take(limit: number, isBusy: (sessionId: string) => boolean): Pending[] {
    const taken: Pending[] = [];
    const resumed = new Set<string>();
    for (const [sessionId, queue] of this.#queues) {
      if (isBusy(sessionId) || resumed.has(sessionId)) continue;
      const count = sendable(queue, isBusy);
      if (taken.length > 0 && taken.length + count > limit) break;
      taken.push(...queue.splice(0, count));
      const last = taken.at(-1)?.intent;
      if (last?.op === "resume") resumed.add(last.fromSessionId);
      if (queue.length === 0) this.#queues.delete(sessionId);
    }
    return taken;
  }

  /** Tells whoever waits that it did not work out; what they wait for is kept. */
  reject(error: unknown): void {
    for (const queue of this.#queues.values()) rejectAll(queue, error);
  }

  clear(): void {
    this.#queues.clear();
  }
}

/** Tells whoever waits for these that it did not work out. */
export function rejectAll(entries: readonly Pending[], error: unknown): void {
  for (const { waiters } of entries) for (const waiter of waiters) waiter.reject(error);
}

/** How many of a session's intents can be sent together now. */
function sendable(queue: readonly Pending[], isBusy: (sessionId: string) => boolean): number {
  for (const [at, { intent }] of queue.entries()) {
    if (intent.op === "resume") return isBusy(intent.fromSessionId) ? at : at + 1;
  }
  return queue.length;
}

/** Sessions that writing this concerns. */
export function concerned({ sessionId, intent }: Pending): string[] {
  return intent.op === "resume" ? [sessionId, intent.fromSessionId] : [sessionId];
}

/** Whether writing the later intent makes the earlier one needless. */
function overtakes(later: Intent, earlier: Intent): boolean {
  if (later.op !== "resume") return earlier.op !== "resume";
  return earlier.op === "resume" && earlier.fromSessionId === later.fromSessionId;
}

function resumes(queue: readonly Pending[]): number {
  return queue.filter(({ intent }) => intent.op === "resume").length;
}

/** The later one, for both. */
function merged(earlier: Pending, later: Pending): Pending {
  return {
    ...later,
    waiters: [...earlier.waiters, ...later.waiters],
    isRepeated: earlier.isRepeated || later.isRepeated,
  };
}
