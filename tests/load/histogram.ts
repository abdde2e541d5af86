/** Sub-buckets of each power of two: values are off by less than one part in so many. */
const SUB_BUCKETS = 128;
const SUB_BITS = Math.log2(SUB_BUCKETS);
/** Values go up to 2^so many µs, about nine minutes. */
const POWERS = 29;
const BUCKETS = SUB_BUCKETS * (POWERS - SUB_BITS + 1);

/** A histogram as it travels between threads: only the buckets that hold something. */
export interface HistogramRecord {
  readonly buckets: readonly number[];
  readonly counts: readonly number[];
  readonly sumUs: number;
  readonly maxUs: number;
}

/**
 * Durations in buckets that are as wide as what they hold is long, so that the whole range from one µs
 * to minutes is told apart equally well (the idea of HdrHistogram): percentiles of the tail are exact
 * to within 1 %.
 */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sumUs = 0;
  #maxUs = 0;

  get count(): number {
    return this.#count;
  }

  /** The largest, in ms; 0 when there is none. */
  get maxMs(): number {
    return this.#maxUs / 1000;
  }

  /** The mean, in ms; 0 when there is none. */
  get meanMs(): number {
    return this.#count === 0 ? 0 : this.#sumUs / this.#count / 1000;
  }

  /** Adds one duration, in ms. Negative ones, which clocks bring about, count as none at all. */
  record(durationMs: number): void {
    const us = Math.max(0, Math.round(durationMs * 1000));
    const bucket = bucketOf(us);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count++;
    this.#sumUs += us;
    if (us > this.#maxUs) this.#maxUs = us;
  }

  /** Adds all that another one holds. */
  merge({ buckets, counts, sumUs, maxUs }: HistogramRecord): void {
    buckets.forEach((bucket, index) => {
      const count = counts[index] ?? 0;
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
      this.#count += count;
    });
    this.#sumUs += sumUs;
    this.#maxUs = Math.max(this.#maxUs, maxUs);
  }

  /**
   * The duration, in ms, that so many of a hundred do not exceed; 0 when there is none.
   *
   * @param percent over 0, up to 100
   */
  percentile(percent: number): number {
    if (this.#count === 0) return 0;
    const rank = Math.ceil(this.#count * percent / 100);
    let below = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      below += this.#counts[bucket] ?? 0;
      if (below >= rank) return Math.min(upperBoundUs(bucket), this.#maxUs) / 1000;
    }
    return this.maxMs;
  }

  /** What it holds; it is empty afterwards. */
  take(): HistogramRecord {
    const buckets: number[] = [];
    const counts: number[] = [];
    this.#counts.forEach((count, bucket) => {
      if (count === 0) return;
      buckets.push(bucket);
      counts.push(count);
    });
    const record = { buckets, counts, sumUs: this.#sumUs, maxUs: this.#maxUs };
    this.#counts.fill(0);
    this.#count = this.#sumUs = this.#maxUs = 0;
    return record;
  }
}

/** Small values have a bucket each; above, each power of two has as many as the one below. */
function bucketOf(us: number): number {
  if (us < SUB_BUCKETS * 2) return us;
  const power = Math.floor(Math.log2(us));
  const bucket = (power - SUB_BITS) * SUB_BUCKETS + Math.floor(us / 2 ** (power - SUB_BITS));
  return Math.min(bucket, BUCKETS - 1);
}

function upperBoundUs(bucket: number): number {
  if (bucket < SUB_BUCKETS * 2) return bucket;
  const shift = Math.floor(bucket / SUB_BUCKETS) - 1;
  return (bucket - shift * SUB_BUCKETS + 1) * 2 ** shift - 1;
}
