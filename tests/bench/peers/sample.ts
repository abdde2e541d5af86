import { ownCpuMs, type PinnedServer } from "./server.ts";

/** What one contender did within one slice of time. */
export interface Sample {
  readonly operations: number;
  readonly elapsedMs: number;
  /** Processor time of the server, all threads. */
  readonly serverCpuMs: number;
  /** Processor time of the loader. */
  readonly loaderCpuMs: number;
}

/** Measures what `work` does, which returns how many operations that were. */
export function sample(server: PinnedServer, work: () => number): Sample {
  const serverCpuMs = server.cpuMs;
  const loaderCpuMs = ownCpuMs();
  const startedAt = performance.now();
  const operations = work();
  return {
    operations,
    elapsedMs: performance.now() - startedAt,
    serverCpuMs: server.cpuMs - serverCpuMs,
    loaderCpuMs: ownCpuMs() - loaderCpuMs,
  };
}

/** Operations a second. */
export function rateOf({ operations, elapsedMs }: Sample): number {
  return operations / elapsedMs * 1000;
}

/** Processor time of the server for one operation, in µs. */
export function costOf({ operations, serverCpuMs }: Sample): number {
  return serverCpuMs / operations * 1000;
}

/** The middle one; of an even number, the mean of both. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = NaN, high = NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}
