/** Signals within so long are one: a terminal's reaches a task's process by two ways, in ms. */
const SAME_MS = 1000;

const INTERRUPTED = 130;

/**
 * Aborts at the first Ctrl-C (or SIGTERM), so that a run can end in order and report; the next one
 * ends the process.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  let firstAtMs: number | undefined;
  const interrupt = (): void => {
    if (firstAtMs === undefined) {
      firstAtMs = Date.now();
      console.error("\nInterrupted: ends and reports; once more to end at once");
      controller.abort();
    } else if (Date.now() - firstAtMs > SAME_MS) Deno.exit(INTERRUPTED);
  };
  Deno.addSignalListener("SIGINT", interrupt);
  Deno.addSignalListener("SIGTERM", interrupt);
  return controller.signal;
}
