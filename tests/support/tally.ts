/**
 * Reading how many tests passed from what `deno test` prints.
 *
 * @module
 */

/** The outcome of a run. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

// deno-lint-ignore no-control-regex -- colours are escape sequences
const COLOURS = /\x1b\[[0-9;]*m/g;

/**
 * The last summary line in `output`. A run that failed counts at least one failure, also when it
 * never came to a summary, as with a file that does not load.
 */
export function readTally(output: string, success: boolean): Tally {
  const summaries = [
    ...output.replaceAll(COLOURS, "").matchAll(
      /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/gm,
    ),
  ];
  const last = summaries.at(-1);
  const passed = Number(last?.[1] ?? 0);
  const failed = Number(last?.[2] ?? 0);
  return { passed, failed: success ? failed : Math.max(failed, 1) };
}
