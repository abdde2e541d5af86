/** What the client takes from around it besides the network: time, chance, and being woken. */
export interface ClientEnvironment {
  /** Wall clock in ms since 1970: unlike a monotonic clock it goes on while a laptop sleeps. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Runs once after `delayMs`, or later when the runtime throttles; `Infinity`: never. @returns cancels it */
  setTimer(run: () => void, delayMs: number): () => void;
  /** Calls `listener` when the network or the tab is back. @returns stops it */
  onWake(listener: () => void): () => void;
}

/** The longest delay, in ms, that runtimes take: they make 1 ms of a longer one. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The part of a page's `document` that tells whether anybody looks. */
interface VisibilityDocument {
  readonly visibilityState: string;
  addEventListener(type: "visibilitychange", listener: () => void): void;
  removeEventListener(type: "visibilitychange", listener: () => void): void;
}

/** The runtime's own clock, chance and events; where there are no such events, none come. */
export const runtimeEnvironment: ClientEnvironment = {
  now: () => Date.now(),
  random: () => Math.random(),
  setTimer(run, delayMs) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wait = (restMs: number): void => {
      if (restMs === Infinity) return;
      timer = restMs > LONGEST_TIMER_MS
        ? setTimeout(wait, LONGEST_TIMER_MS, restMs - LONGEST_TIMER_MS)
        : setTimeout(run, restMs);
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
  onWake(listener) {
    const { document } = globalThis as { document?: VisibilityDocument };
    const seen = (): void => {
      if (document?.visibilityState === "visible") listener();
    };
    // Node has no events of its own on the global object.
    globalThis.addEventListener?.("online", listener);
    document?.addEventListener("visibilitychange", seen);
    return () => {
      globalThis.removeEventListener?.("online", listener);
      document?.removeEventListener("visibilitychange", seen);
    };
  },
};

/**
 * Waits, less long when the signal is aborted.
 *
 * @param delayMs how long
 * @param signal ends the wait early
 */
export function pause(
  environment: ClientEnvironment,
  delayMs: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const cancel = environment.setTimer(done, delayMs);
    function done(): void {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
