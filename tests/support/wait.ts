/**
 * Waiting for a condition, so that no test sleeps for a fixed time.
 *
 * @module
 */

/** What {@linkcode until} may be told. */
export interface UntilOptions {
  /** Names the condition in the error, to be read after "Waited in vain for". */
  readonly what: string;
  /**
   * How long to wait, in milliseconds.
   *
   * @default {5000}
   */
  readonly timeoutMs?: number;
  /**
   * Pause between two tries, in milliseconds.
   *
   * @default {10}
   */
  readonly intervalMs?: number;
}

/** What is left of `T` once it is known to be truthy. */
export type Truthy<T> = Exclude<T, false | null | undefined | 0 | 0n | "">;

/**
 * Tries `condition` until it gives a truthy value, and returns that value. A condition that throws
 * counts as not met yet, so assertions may stand in it; one that hangs cannot hold up the limit.
 *
 * @throws {Error} when the time is over: names `what`; its cause is what the condition threw last
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: UntilOptions,
): Promise<Truthy<T>> {
  const { what, timeoutMs = 5000, intervalMs = 10 } = options;
  const startedAt = performance.now();
  let cause: unknown;
  while (true) {
    const leftMs = timeoutMs - (performance.now() - startedAt);
    if (leftMs <= 0) throw new Error(`Waited in vain for ${what} (${timeoutMs} ms)`, { cause });
    try {
      const value = await within(condition, leftMs);
      if (value) return value as Truthy<T>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await pause(Math.min(intervalMs, leftMs));
  }
}

/** Resolves with the condition's value, or with undefined when it takes longer than `limitMs`. */
async function within<T>(
  condition: () => T | Promise<T>,
  limitMs: number,
): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limitMs);
  });
  try {
    return await Promise.race([condition(), limit]);
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
