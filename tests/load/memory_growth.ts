import type { Point } from "./tally.ts";

/** Resident memory is compared from here on, in s: before, caches fill and code is compiled. */
const SETTLED_AT_S = 600;

/** A run of fewer points says nothing. */
const MIN_POINTS = 60;

/**
 * At most so many points before an instant stand for it: the collector works in sweeps minutes apart,
 * and memory rises between them.
 */
const MAX_WINDOW = 300;

/**
 * By how many percent resident memory has grown from minute ten to the end; of a shorter run, from
 * the end of its first quarter. NaN when no gateway says, or the run is too short to.
 */
export function memoryGrowth(points: readonly Point[]): number {
  if (points.length < MIN_POINTS) return NaN;
  const end = points.at(-1)?.atS ?? 0;
  const from = Math.min(SETTLED_AT_S, end / 4);
  const start = points.findIndex(({ atS }) => atS >= from);
  const window = Math.min(MAX_WINDOW, Math.ceil(points.length / 8));
  const before = total(points.slice(Math.max(0, start - window), start + 1));
  const after = total(points.slice(-window));
  return (after / before - 1) * 100;
}

/** The median of all gateways' memory together. */
function total(points: readonly Point[]): number {
  const sums = points.filter(({ rssBytes }) => rssBytes.length > 0)
    .map(({ rssBytes }) => rssBytes.reduce((sum, bytes) => sum + bytes, 0))
    .toSorted((a, b) => a - b);
  return sums[Math.floor(sums.length / 2)] ?? NaN;
}
