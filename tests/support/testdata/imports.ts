/**
 * Imports of every kind, for the test of the import graph.
 *
 * @example
 * ```ts ignore
 * import { nothing } from "./mentioned_only.ts";
 * ```
 *
 * @module
 */

import type { Typed } from "./typed.ts";
export { exported } from "./exported.ts";

/** Imports its value only when called. */
export async function load(): Promise<Typed> {
  return (await import("./dynamic.ts")).dynamic;
}
