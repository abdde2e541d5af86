/** How much of the streams is kept. */
export interface StreamLimits {
  /**
   * How far back a client may have to be made up for, in milliseconds: the resume window and, before
   * it, the time that a dead connection may go unnoticed.
   */
  readonly windowMs: number;
  /** Of all entries together; when there are more, the oldest go, within the window too. */
  readonly maxBytes: number;
  /** Entries of one user; announcements have as many of their own. */
  readonly maxPerUser: number;
}

/** Entries outlive the window by this, so that a replay that has begun, or clocks, may be late. */
const MARGIN_MS = 5_000;

/** What one replay may hold in memory; a client that missed more is told to take a snapshot. */
export const REPLAY_MAX_BYTES = 8 * 1024 * 1024;

/** How long entries are kept, in milliseconds. */
export function retentionMs({ windowMs }: StreamLimits): number {
  return windowMs + MARGIN_MS;
}
