/** The longest possible wait before the first retry, in ms. */
export const BACKOFF_BASE_MS = 500;

/** The longest possible wait before any retry, in ms. */
export const BACKOFF_MAX_MS = 20_000;

/**
 * How long to wait before a retry: exponential with full jitter, so that clients that lost the
 * same server do not come back in step.
 *
 * @param attempt failed tries before this one, from 0
 * @param random uniform in [0, 1), as `Math.random`
 * @returns ms, uniform between 0 and the attempt's limit
 */
export function backoffMs(attempt: number, random: () => number): number {
  return random() * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** attempt);
}
