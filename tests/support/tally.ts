/**
 * Reading from what `deno test` prints how many tests passed, and what was said of those that did not.
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

/** What `output` says of the tests that failed, without colours; empty when none did. */
export function readFailures(output: string): string {
  const plain = output.replaceAll(COLOURS, "");
  const headings = [...plain.matchAll(/^ ERRORS $/gm)];
  const start = headings.at(-1)?.index;
  if (start === undefined) return "";
  const end = plain.slice(start).search(/^FAILED \| /m);
  return end < 0 ? "" : plain.slice(start, start + end).trim();
}
