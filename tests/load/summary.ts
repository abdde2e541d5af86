import { type Disturbance, disturbance } from "./disturbance.ts";
import { judge, type Verdict } from "./expectations.ts";
import type { Histogram } from "./histogram.ts";
import { isLoaderTheLimit } from "./loader_limit.ts";
import { memoryGrowth } from "./memory_growth.ts";
import type { LoadOptions } from "./options.ts";
import { meanUse, type ProcessorUse } from "./processor_use.ts";
import { type Operation, OPERATION_NAMES } from "./recorder.ts";
import type { Point, Tally } from "./tally.ts";

/** Durations of one operation, in ms. */
export interface OperationSummary {
  readonly name: string;
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** A finished run, as it is reported. */
export interface Summary {
  readonly scenario: string;
  readonly urls: readonly string[];
  readonly connections: number;
  readonly ratePerS: number;
  readonly seconds: number;
  /** So many of them, at the start, were not timed. */
  readonly warmupSeconds: number;
  /** How long it has run, up to {@linkcode seconds}. */
  readonly ranS: number;
  /** Of a run that is still on, deliveries may be under way, and nothing is lost for that. */
  readonly isOver: boolean;
  readonly startedAt: string;
  readonly operations: Readonly<Partial<Record<Operation | "all", OperationSummary>>>;
  /** How late the loader sent, in ms. */
  readonly lag: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly isLoaderTheLimit: boolean;
  /** What this machine was busy with, in cores; null when it does not say. */
  readonly processors: ProcessorUse | null;
  /** Of a cluster that was started for the run; null of any other, and when nothing is known. */
  readonly disturbance: Disturbance | null;
  readonly sent: number;
  readonly received: number;
  readonly receivedBytes: number;
  readonly correctness: {
    readonly lost: number;
    readonly doubled: number;
    readonly misordered: number;
    readonly wrong: number;
  };
  readonly errors: Readonly<Record<string, number>>;
  /** A few of the things that were wrong. */
  readonly examples: readonly string[];
  /** In percent; null when the gateways do not say. */
  readonly rssGrowth: number | null;
  readonly expectations: readonly { text: string; actual: number; isMet: boolean }[];
  readonly isAsExpected: boolean;
  readonly timeline: readonly Point[];
}

/** Sums a run up and judges it. */
export function summarize(options: LoadOptions, tally: Tally, startedAt: string): Summary {
  const operations: Partial<Record<Operation | "all", OperationSummary>> = {};
  if (tally.all.count > 0) operations.all = summaryOf("all of these", tally.all);
  for (const [operation, histogram] of tally.operations) {
    if (histogram.count === 0) continue;
    operations[operation] = summaryOf(OPERATION_NAMES[operation], histogram);
  }
  const { lost, doubled, misordered, wrong, lag } = tally;
  const growth = memoryGrowth(tally.points);
  const use = usedBy(tally);
  const verdicts = judge(options.expectations, measuresOf(options, tally, operations, growth));
  return {
    scenario: options.scenario,
    urls: options.urls,
    connections: options.connections,
    ratePerS: options.rate,
    seconds: options.seconds,
    warmupSeconds: options.warmupSeconds,
    ranS: ranS(options, tally),
    isOver: tally.isOver,
    startedAt,
    operations,
    lag: { p50: lag.percentile(50), p99: lag.percentile(99), max: lag.maxMs },
    isLoaderTheLimit: isLoaderTheLimit({
      lagP99Ms: lag.percentile(99),
      measuredP99Ms: tally.all.percentile(99),
      use,
      workers: options.workers,
    }),
    processors: use ?? null,
    disturbance: options.cluster
      ? disturbance(tally.points, navigator.hardwareConcurrency) ?? null
      : null,
    sent: tally.sent,
    received: tally.received,
    receivedBytes: tally.receivedBytes,
    correctness: { lost, doubled, misordered, wrong },
    errors: Object.fromEntries(tally.errors),
    examples: tally.examples,
    rssGrowth: Number.isNaN(growth) ? null : growth,
    expectations: verdicts.map(shown),
    isAsExpected: verdicts.every(({ isMet }) => isMet),
    timeline: tally.points,
  };
}

function usedBy({ points }: Tally): ProcessorUse | undefined {
  return meanUse(points.flatMap(({ processors }) => processors === undefined ? [] : [processors]));
}

function ranS({ seconds }: LoadOptions, { points }: Tally): number {
  return Math.min(seconds, Math.ceil(points.at(-1)?.atS ?? seconds));
}

function summaryOf(name: string, histogram: Histogram): OperationSummary {
  return {
    name,
    count: histogram.count,
    mean: histogram.meanMs,
    p50: histogram.percentile(50),
    p90: histogram.percentile(90),
    p99: histogram.percentile(99),
    p999: histogram.percentile(99.9),
    max: histogram.maxMs,
  };
}

function shown({ expectation, actual, isMet }: Verdict) {
  return { text: expectation.text, actual, isMet };
}

/** What can be expected of a run, by name. */
function measuresOf(
  options: LoadOptions,
  tally: Tally,
  operations: Summary["operations"],
  rssGrowth: number,
): Map<string, number> {
  const { lost, doubled, misordered, wrong } = tally;
  const measures = new Map<string, number>([
    ["lost", lost],
    ["doubled", doubled],
    ["misordered", misordered],
    ["wrong", wrong],
    ["errors", tally.errorCount],
    ["rate", tally.sent / ranS(options, tally)],
    ["rss_growth", rssGrowth],
    ["lag.p99", tally.lag.percentile(99)],
  ]);
  for (const [operation, { mean, p50, p90, p99, p999, max }] of Object.entries(operations)) {
    const prefix = operation === "all" ? "" : `${operation}.`;
    for (const [name, value] of Object.entries({ mean, p50, p90, p99, p999, max })) {
      measures.set(`${prefix}${name}`, value);
    }
  }
  return measures;
}
