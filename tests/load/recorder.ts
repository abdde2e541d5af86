import { Histogram, type HistogramRecord } from "./histogram.ts";

/** What is timed, each from when it was meant to begin. */
export const OPERATIONS = [
  "connect",
  "ping",
  "send",
  "event",
  "location_event",
  "visit",
  "resume",
  "presence",
  "presence_seen",
  "roster",
] as const;

/** One of {@linkcode OPERATIONS}. */
export type Operation = typeof OPERATIONS[number];

/** What each operation is, for reports. */
export const OPERATION_NAMES: Readonly<Record<Operation, string>> = {
  connect: "connect, until the welcome",
  ping: "ping, until its answer",
  send: "event sent, until its answer",
  event: "event sent, until its user has it",
  location_event: "event sent, until each at its location has it",
  visit: "event sent, until one who comes and goes has it",
  resume: "back, until what was missed is promised",
  presence: "presence update, until its answer",
  presence_seen: "presence update, until another sees it",
  roster: "storm, until everyone is listed",
};

/** Events that were sent and not refused, times those who must get each; and those that came. */
export interface DeliveryCount {
  expected: number;
  received: number;
}

/** What one thread has counted since it was last asked. */
export interface Progress {
  readonly histograms: Partial<Record<Operation, HistogramRecord>>;
  /** How late messages were sent: the loader's own fault. */
  readonly lag: HistogramRecord;
  readonly sent: number;
  readonly received: number;
  readonly receivedBytes: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly deliveries: DeliveryCount;
  readonly doubled: number;
  readonly misordered: number;
  /** Answers and updates that never came; counted at the end. */
  readonly lost: number;
  readonly wrong: number;
  /** A few of the things that were wrong. */
  readonly examples: readonly string[];
}

const MAX_EXAMPLES = 5;

/** Counts what a thread's clients do. */
export class Recorder {
  readonly #histograms = new Map<Operation, Histogram>();
  readonly #lag = new Histogram();
  /** What began before is counted, and not timed; on the clock of {@linkcode nowMs}. */
  timedFromMs = 0;
  sent = 0;
  received = 0;
  receivedBytes = 0;
  doubled = 0;
  misordered = 0;
  lost = 0;
  readonly deliveries: DeliveryCount = { expected: 0, received: 0 };
  readonly #errors = new Map<string, number>();
  #wrong = 0;
  readonly #examples: string[] = [];

  /** Records that something took from `sinceMs` until now, both as {@linkcode nowMs} has it. */
  took(operation: Operation, sinceMs: number): void {
    if (sinceMs < this.timedFromMs) return;
    let histogram = this.#histograms.get(operation);
    if (histogram === undefined) this.#histograms.set(operation, histogram = new Histogram());
    histogram.record(nowMs() - sinceMs);
  }

  /** Records that something is sent now that was to be sent at `atMs`. */
  sentLate(atMs: number): void {
    if (atMs >= this.timedFromMs) this.#lag.record(nowMs() - atMs);
  }

  /** Counts an answer that was an error, or a connection that ended. */
  failed(kind: string): void {
    this.#errors.set(kind, (this.#errors.get(kind) ?? 0) + 1);
  }

  /** Counts something that must not be. */
  isWrong(what: string): void {
    this.#wrong++;
    if (this.#examples.length < MAX_EXAMPLES) this.#examples.push(what.slice(0, 300));
  }

  /** All since the last time. */
  take(): Progress {
    const progress: Progress = {
      histograms: Object.fromEntries(
        [...this.#histograms].map(([operation, histogram]) => [operation, histogram.take()]),
      ),
      lag: this.#lag.take(),
      sent: this.sent,
      received: this.received,
      receivedBytes: this.receivedBytes,
      errors: Object.fromEntries(this.#errors),
      deliveries: { ...this.deliveries },
      doubled: this.doubled,
      misordered: this.misordered,
      lost: this.lost,
      wrong: this.#wrong,
      examples: this.#examples.splice(0),
    };
    this.sent =
      this.received =
      this.receivedBytes =
      this.#wrong =
        0;
    this.doubled = this.misordered = this.lost = 0;
    this.deliveries.expected = this.deliveries.received = 0;
    this.#errors.clear();
    return progress;
  }
}

/** Milliseconds since 1970, finer than `Date.now()`, and the same for all threads of this process. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
