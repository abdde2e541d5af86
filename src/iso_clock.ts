let writtenAtMs = -1;
let written = "";

/**
 * Now, as ISO 8601 UTC with milliseconds. Writing an instant costs more than all else that answers a
 * ping, so it is done once a millisecond.
 */
export function isoNow(): string {
  const nowMs = Date.now();
  if (nowMs !== writtenAtMs) {
    writtenAtMs = nowMs;
    written = new Date(nowMs).toISOString();
  }
  return written;
}
