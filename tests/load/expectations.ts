import { OPERATIONS } from "./recorder.ts";

/** A bound that a run must keep. */
export interface Expectation {
  /** As it was written. */
  readonly text: string;
  /** What is bounded, for example `p99`, `ping.p99` or `lost`. */
  readonly measure: string;
  readonly bound: number;
  /** Whether the measure must be at least the bound, and not at most. */
  readonly isMinimum: boolean;
}

/** What became of an expectation. */
export interface Verdict {
  readonly expectation: Expectation;
  readonly actual: number;
  readonly isMet: boolean;
}

const STATISTICS = ["mean", "p50", "p90", "p99", "p999", "max"];

/** Everything that can be bounded. */
const MEASURES: ReadonlySet<string> = new Set([
  ...["lost", "doubled", "misordered", "wrong", "errors", "rate", "rss_growth", "lag.p99"],
  ...STATISTICS,
  ...OPERATIONS.flatMap((operation) => STATISTICS.map((name) => `${operation}.${name}`)),
]);

const FORM = /^([a-z][a-z0-9_.]*)(=|<=|>=)([0-9.]+)(ms|s)?$/;

/**
 * Reads expectations: `p99=100ms` is "at most 100 ms", `rate>=990` "at least 990".
 *
 * @param text a comma list
 * @throws {TypeError} saying which part is wrong
 */
export function parseExpectations(text: string): Expectation[] {
  return text.split(",").map((part) => part.trim()).filter((part) => part !== "").map((part) => {
    const [, measure, operator, number, unit] = FORM.exec(part) ?? [];
    if (measure === undefined || !Number.isFinite(Number(number))) {
      throw new TypeError(`Cannot read the expectation "${part}": write p99=100ms, or rate>=990`);
    }
    if (!MEASURES.has(measure)) {
      throw new TypeError(
        `Nothing is measured as "${measure}": expect ${
          [...MEASURES].slice(0, 14).join(", ")
        }, or ` +
          `${OPERATIONS.map((operation) => `${operation}.p99`).join(", ")} and so on`,
      );
    }
    const bound = Number(number) * (unit === "s" ? 1000 : 1);
    return { text: part, measure, bound, isMinimum: operator === ">=" };
  });
}

/**
 * Compares a run with what was expected of it. What was not measured is not met.
 *
 * @param measures by name
 */
export function judge(
  expectations: readonly Expectation[],
  measures: ReadonlyMap<string, number>,
): Verdict[] {
  return expectations.map((expectation) => {
    const actual = measures.get(expectation.measure) ?? NaN;
    const { bound, isMinimum } = expectation;
    return { expectation, actual, isMet: isMinimum ? actual >= bound : actual <= bound };
  });
}
