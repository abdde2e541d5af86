import type { ProcessorUse } from "./processor_use.ts";

/** Later than this at the 99th percentile, in ms, is the loader's own delay whatever was measured. */
const LATE_MS = 10;
/** Less than this, in ms, says nothing: no timer is finer. */
const UNNOTICED_MS = 1;
/** Of what its threads can do. */
const BUSY_SHARE = 0.8;

/** What {@linkcode isLoaderTheLimit} judges by; times at the 99th percentile, in ms. */
export interface LoaderEffort {
  /** How late messages were sent. */
  readonly lagP99Ms: number;
  /** What was measured. */
  readonly measuredP99Ms: number;
  readonly use: ProcessorUse | undefined;
  /** Threads that send and receive. */
  readonly workers: number;
}

/**
 * Whether a run has measured its loader more than the gateway: it sent late, by half of what it measured
 * or more than is ever harmless, or its threads had hardly a moment to receive in time.
 */
export function isLoaderTheLimit({ lagP99Ms, measuredP99Ms, use, workers }: LoaderEffort): boolean {
  if (lagP99Ms > LATE_MS) return true;
  if (lagP99Ms > UNNOTICED_MS && lagP99Ms > measuredP99Ms / 2) return true;
  return use !== undefined && use.loader > BUSY_SHARE * workers;
}
