import { CloseCode } from "../protocol/close_codes.ts";
import { ErrorCode } from "../protocol/errors.ts";

/** Upper bounds of the request duration histogram, in seconds. */
const DURATION_BUCKETS_S = [
  0.0001,
  0.00025,
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
];

/** One call in so many is timed, beginning with the first. */
const SAMPLE_EVERY = 8;

/** Why upgrades are refused most often; there from the beginning, so that a first one shows as a rise. */
const REFUSALS = ["draining", "expired", "full", "missing", "origin", "signature"] as const;

/** Durations in the buckets of a histogram. */
export class Durations {
  /** Upper bounds of the buckets, in seconds, ascending. */
  readonly boundsS: readonly number[];
  /** How many fall into each bucket; the last is over all bounds. */
  readonly buckets: number[];
  count = 0;
  sumS = 0;

  constructor(boundsS: readonly number[]) {
    this.boundsS = boundsS;
    this.buckets = new Array(boundsS.length + 1).fill(0);
  }

  /** Adds one, in ms. */
  observe(durationMs: number): void {
    const seconds = durationMs / 1000;
    let bucket = 0;
    while (bucket < this.boundsS.length && seconds > (this.boundsS[bucket] ?? 0)) bucket++;
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
    this.count++;
    this.sumS += seconds;
  }
}

/** What is counted of one method. */
export class MethodCounter {
  calls = 0;
  /** Of those calls that were timed. */
  readonly durations: Durations = new Durations(DURATION_BUCKETS_S);

  /** Counts a call; true when this one is to be timed. */
  begin(): boolean {
    return this.calls++ % SAMPLE_EVERY === 0;
  }

  /** Records how long a timed call took, in ms. */
  observe(durationMs: number): void {
    this.durations.observe(durationMs);
  }
}

/** So many different labels are told apart; a service behind the gateway may make up error codes. */
const MAX_LABELS = 64;

/** A count for each label of a set that is kept bounded. */
export class LabelledCount<Label> {
  readonly #counts: Map<Label, number>;
  readonly #other: Label;

  /**
   * @param other counts what came after too many labels
   * @param known labels that are there from the beginning, with 0
   */
  constructor(other: Label, known: Iterable<Label> = []) {
    this.#other = other;
    this.#counts = new Map([...known].map((label) => [label, 0]));
  }

  add(label: Label, by = 1): void {
    const isRoom = this.#counts.size < MAX_LABELS || this.#counts.has(label);
    const counted = isRoom ? label : this.#other;
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + by);
  }

  entries(): IterableIterator<[Label, number]> {
    return this.#counts.entries();
  }
}

/**
 * Plain numbers that the hot path adds to; they become metrics when somebody scrapes. Counters only
 * grow. Labels are bounded: methods of the table, error codes, close codes, reasons.
 *
 * @internal
 */
export class Counters {
  connectionsOpened = 0;
  readonly connectionsClosed: LabelledCount<number> = new LabelledCount(
    0,
    Object.values(CloseCode),
  );
  readonly upgradesRefused: LabelledCount<string> = new LabelledCount("other", REFUSALS);
  messagesReceived = 0;
  /** UTF-16 units, which are bytes as long as the text is ASCII. */
  receivedLength = 0;
  messagesSent = 0;
  /** UTF-16 units, which are bytes as long as the text is ASCII. */
  sentLength = 0;
  rateLimited = 0;
  slowReaders = 0;
  readonly errors: LabelledCount<number> = new LabelledCount(0, Object.values(ErrorCode));
  readonly methods: Map<string, MethodCounter> = new Map();
  /** Calls of methods that nobody defined. */
  readonly unknownMethod: MethodCounter = new MethodCounter();
  presenceJoins = 0;
  presenceLeaves = 0;
  presenceFlushes = 0;
  presenceFlushMs = 0;
  /** Changes that were overtaken by a newer one before they were sent. */
  presenceConflated = 0;
  presenceDelivered = 0;
  /** Payloads from the bus that had the wrong shape. */
  busMalformed = 0;
}
