import type { Point } from "./tally.ts";

/** A second counts as disturbed when strangers had more than this share of the machine. */
const MAX_SHARE = 0.1;

/** Seconds of a run in which the machine was not the run's own. */
export interface Disturbance {
  readonly seconds: number;
  /** The median of these seconds' p99, in ms; null when there are none. */
  readonly p99: number | null;
  /** That of all other seconds. */
  readonly undisturbedP99: number | null;
}

/**
 * Finds the seconds in which other programs, or other guests of the host, had more than a tenth of the
 * machine. They stay in the figures of the run: this says what those are worth.
 *
 * @param cores of this machine
 * @returns undefined when nothing is known
 */
export function disturbance(points: readonly Point[], cores: number): Disturbance | undefined {
  const known = points.filter(({ processors }) => processors !== undefined);
  if (known.length === 0) return undefined;
  const isDisturbed = ({ processors }: Point): boolean =>
    processors !== undefined && processors.others + processors.stolen > MAX_SHARE * cores;
  const disturbed = known.filter(isDisturbed);
  return {
    seconds: disturbed.length,
    p99: median(disturbed),
    undisturbedP99: median(known.filter((point) => !isDisturbed(point))),
  };
}

function median(points: readonly Point[]): number | null {
  const sorted = points.map(({ p99Ms }) => p99Ms).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
