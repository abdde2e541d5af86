import { BASELINE } from "./contenders.ts";
import { costOf, median, rateOf, type Sample } from "./sample.ts";

/** A thread that is busier than this is the limit, and not what it measures. */
const LOADER_LIMIT = 0.9;

/** Samples of one contender, one for each round. */
export interface Series {
  readonly contender: string;
  readonly samples: readonly Sample[];
}

/** One line of a finished comparison. */
export interface Line {
  readonly contender: string;
  /** Operations a second, the median of all rounds. */
  readonly rate: number;
  /** Processor time of the server for an operation, in µs. */
  readonly costUs: number;
  /** Of the baseline's rate, the median of the rounds' ratios; by processor time likewise. */
  readonly rateRatio: number;
  readonly costRatio: number;
  /** Part of the time that the loader was busy. */
  readonly loaderBusy: number;
}

/** Compares everyone with the baseline, round by round. */
export function compare(series: readonly Series[]): Line[] {
  const baseline = series.find(({ contender }) => contender === BASELINE)?.samples ?? [];
  return series.map(({ contender, samples }) => ({
    contender,
    rate: median(samples.map(rateOf)),
    costUs: median(samples.map(costOf)),
    rateRatio: median(ratios(samples, baseline, rateOf)),
    costRatio: median(ratios(baseline, samples, costOf)),
    loaderBusy: median(samples.map(({ loaderCpuMs, elapsedMs }) => loaderCpuMs / elapsedMs)),
  }));
}

function ratios(
  above: readonly Sample[],
  below: readonly Sample[],
  value: (sample: Sample) => number,
): number[] {
  return above.flatMap((sample, round) => {
    const other = below[round];
    return other === undefined ? [] : [value(sample) / value(other)];
  });
}

/** The comparison as a table for people. */
export function printComparison(title: string, lines: readonly Line[]): void {
  console.log(`\n${title}`);
  console.log(row(["", "per second", "× bare", "server µs", "× bare (µs)", "loader"]));
  for (const { contender, rate, costUs, rateRatio, costRatio, loaderBusy } of lines) {
    console.log(row([
      contender,
      Math.round(rate).toLocaleString("en"),
      rateRatio.toFixed(2),
      costUs.toFixed(2),
      costRatio.toFixed(2),
      `${Math.round(loaderBusy * 100)} %${loaderBusy > LOADER_LIMIT ? " (the limit)" : ""}`,
    ]));
  }
}

/** Memory of an idle connection, as a table for people. */
export function printMemory(bytes: ReadonlyMap<string, number>): void {
  const baseline = bytes.get(BASELINE) ?? NaN;
  console.log("\nMemory of an idle connection (resident bytes)");
  console.log(row(["", "bytes", "× bare"]));
  for (const [contender, each] of bytes) {
    const ratio = (each / baseline).toFixed(2);
    console.log(row([contender, Math.round(each).toLocaleString("en"), ratio]));
  }
}

function row([name = "", ...cells]: readonly string[]): string {
  return name.padEnd(16) + cells.map((cell) => cell.padStart(13)).join("");
}
