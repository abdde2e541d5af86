const format = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "narrow" });

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long the text of a moment stays right, in ms: no need to look again sooner. */
export const RELATIVE_TIME_STEP_MS = 15_000;

/**
 * A moment as people say it: `just now`, `5m ago`, `3h ago`, `2d ago`. The future, which is another
 * clock's mistake, is `just now`.
 *
 * @param at the moment, in ms since 1970
 * @param now in ms since 1970
 */
export function relativeTime(at: number, now: number): string {
  const agoMs = now - at;
  if (agoMs < MINUTE_MS) return "just now";
  if (agoMs < HOUR_MS) return format.format(-Math.floor(agoMs / MINUTE_MS), "minute");
  if (agoMs < DAY_MS) return format.format(-Math.floor(agoMs / HOUR_MS), "hour");
  return format.format(-Math.floor(agoMs / DAY_MS), "day");
}
