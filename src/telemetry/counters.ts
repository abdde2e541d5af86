/** Upper bounds of the request duration histogram, in seconds. */
export const DURATION_BUCKETS_S: readonly number[] = [
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

/** What is counted of one method. */
export class MethodCounter {
  calls = 0;
  /** Calls whose duration falls into each bucket; the last is over all bounds. */
  readonly buckets: number[] = new Array(DURATION_BUCKETS_S.length + 1).fill(0);
  timed = 0;
  durationSumS = 0;

  /** Counts a call; true when this one is to be timed. */
  begin(): boolean {
    return this.calls++ % SAMPLE_EVERY === 0;
  }

  /** Records how long a timed call took, in ms. */
  observe(durationMs: number): void {
    const seconds = durationMs / 1000;
    let bucket = 0;
    while (bucket < DURATION_BUCKETS_S.length && seconds > (DURATION_BUCKETS_S[bucket] ?? 0)) {
      bucket++;
    }
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
    this.timed++;
    this.durationSumS += seconds;
  }
}

/** A count for each of a bounded set of labels. */
export class LabelledCount<Label> {
  readonly #counts = new Map<Label, number>();

  add(label: Label, by = 1): void {
    this.#counts.set(label, (this.#counts.get(label) ?? 0) + by);
  }

  entries(): IterableIterator<[Label, number]> {
    return this.#counts.entries();
  }
}

/**
 * Plain numbers that the hot path adds to; they become metrics when somebody scrapes. Counters only
 * grow. Labels are bounded: methods of the table, error codes, close codes, reasons.
 */
export class Counters {
  connectionsOpened = 0;
  readonly connectionsClosed: LabelledCount<number> = new LabelledCount();
  readonly upgradesRefused: LabelledCount<string> = new LabelledCount();
  messagesReceived = 0;
  /** UTF-16 units, which are bytes as long as the text is ASCII. */
  receivedLength = 0;
  messagesSent = 0;
  /** UTF-16 units, which are bytes as long as the text is ASCII. */
  sentLength = 0;
  rateLimited = 0;
  slowReaders = 0;
  readonly errors: LabelledCount<number> = new LabelledCount();
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
