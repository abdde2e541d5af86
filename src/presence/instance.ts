/**
 * How an {@linkcode Instance} is written: `<node id>:<run>-<incarnation>`. A run is one process; it
 * goes on under the next incarnation when it loses its lease.
 *
 * @module
 */
import type { Instance } from "./store.ts";

/** The first instance of a new run. Time and chance tell it from every other, however clocks are set. */
export function firstInstance(nodeId: string): Instance {
  return `${nodeId}:${Date.now().toString(36)}${crypto.randomUUID().slice(0, 4)}-0`;
}

/** The instance under which a run goes on. */
export function nextInstance(instance: Instance): Instance {
  return `${runOf(instance)}-${Number(instance.slice(instance.lastIndexOf("-") + 1)) + 1}`;
}

/** The node that an instance is, or was. */
export function nodeOf(instance: Instance): string {
  return instance.slice(0, instance.lastIndexOf(":"));
}

/**
 * Whether two instances are one process, before and after it lost its lease: it sees to what is left
 * of its past by itself.
 */
export function isSameRun(a: Instance, b: Instance): boolean {
  return runOf(a) === runOf(b);
}

function runOf(instance: Instance): string {
  return instance.slice(0, instance.lastIndexOf("-"));
}
