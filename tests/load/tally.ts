import { Histogram } from "./histogram.ts";
import type { ProcessorUse } from "./processor_use.ts";
import { type Operation, OPERATIONS, type Progress } from "./recorder.ts";

/** How one second of a run went. */
export interface Point {
  /** Since the start, in s. */
  readonly atS: number;
  readonly sent: number;
  readonly received: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly errors: number;
  /** Resident memory of each gateway, in bytes; empty when it does not say. */
  readonly rssBytes: readonly number[];
  /** The part of it that is JavaScript's heap in use. */
  readonly heapBytes: readonly number[];
  /** What this machine was busy with; undefined when it does not say. */
  readonly processors: ProcessorUse | undefined;
}

/** What answers and deliveries are measured by: not what presence is gathered for, nor connecting. */
const MESSAGES: readonly Operation[] = ["ping", "send", "event", "location_event", "presence"];

const MAX_EXAMPLES = 20;

/** Adds up what all threads count. */
export class Tally {
  readonly operations: ReadonlyMap<Operation, Histogram> = new Map(
    OPERATIONS.map((operation) => [operation, new Histogram()]),
  );
  /** All of {@linkcode MESSAGES}; in a storm, connects. */
  readonly all = new Histogram();
  readonly lag = new Histogram();
  readonly points: Point[] = [];
  readonly errors = new Map<string, number>();
  readonly examples: string[] = [];
  sent = 0;
  received = 0;
  receivedBytes = 0;
  doubled = 0;
  misordered = 0;
  wrong = 0;
  #lost = 0;
  #expected = 0;
  #delivered = 0;
  /** Whether all that was sent had the time to arrive: what has not by then is lost. */
  isOver = false;
  readonly #isStorm: boolean;
  readonly #second = new Histogram();
  #before = { sent: 0, received: 0, errors: 0 };

  constructor(isStorm: boolean) {
    this.#isStorm = isStorm;
  }

  /** Answers, updates and deliveries that never came; of deliveries it is told in the end. */
  get lost(): number {
    return this.#lost + (this.isOver ? Math.max(0, this.underWay) : 0);
  }

  /** Deliveries that are still to come. */
  get underWay(): number {
    return this.#expected - this.#delivered;
  }

  get errorCount(): number {
    return [...this.errors.values()].reduce((sum, count) => sum + count, 0);
  }

  add(progress: Progress): void {
    const counted = this.#isStorm ? ["connect" as const] : MESSAGES;
    for (const operation of OPERATIONS) {
      const record = progress.histograms[operation];
      if (record === undefined) continue;
      this.operations.get(operation)?.merge(record);
      if (!counted.includes(operation)) continue;
      this.all.merge(record);
      this.#second.merge(record);
    }
    this.lag.merge(progress.lag);
    this.sent += progress.sent;
    this.received += progress.received;
    this.receivedBytes += progress.receivedBytes;
    this.doubled += progress.doubled;
    this.misordered += progress.misordered;
    this.wrong += progress.wrong;
    this.#lost += progress.lost;
    this.#expected += progress.deliveries.expected;
    this.#delivered += progress.deliveries.received;
    this.examples.push(...progress.examples.slice(0, MAX_EXAMPLES - this.examples.length));
    for (const [kind, count] of Object.entries(progress.errors)) {
      this.errors.set(kind, (this.errors.get(kind) ?? 0) + count);
    }
  }

  /** Ends a second of the timeline. */
  mark(atS: number, usage: Pick<Point, "rssBytes" | "heapBytes" | "processors">): Point {
    const { sent, received, errorCount: errors } = this;
    const point: Point = {
      atS,
      sent: sent - this.#before.sent,
      received: received - this.#before.received,
      p50Ms: this.#second.percentile(50),
      p99Ms: this.#second.percentile(99),
      maxMs: this.#second.maxMs,
      errors: errors - this.#before.errors,
      ...usage,
    };
    this.#before = { sent, received, errors };
    this.#second.take();
    this.points.push(point);
    return point;
  }
}
