let writtenMs = NaN;
let written = "";

/**
 * An instant as ISO 8601 UTC with milliseconds. Writing one costs more than all else that answers a
 * ping, and the same one is asked for again and again: it is kept until there is another.
 *
 * @param ms since the epoch
 * @throws {RangeError} when that is no time
 */
export function isoOf(ms: number): string {
  if (ms !== writtenMs) {
    written = new Date(ms).toISOString();
    writtenMs = ms;
  }
  return written;
}

/** Now, as {@linkcode isoOf} writes it. */
export function isoNow(): string {
  return isoOf(Date.now());
}
