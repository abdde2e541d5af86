/**
 * What every presence store has to do, run against each of them.
 *
 * @module
 */
import { testApplying } from "./store/applying.ts";
import { testLeases } from "./store/leases.ts";
import { testListing } from "./store/listing.ts";
import { testMerging } from "./store/merging.ts";
import { testResuming } from "./store/resuming.ts";
import type { OpenStores } from "./store/builders.ts";

export type { OpenStores, Stores } from "./store/builders.ts";

/**
 * Registers the suite's tests.
 *
 * @param name which store, the first word of the tests' names
 * @param open makes two stores on the same data, which is empty
 */
export function testStore(name: string, open: OpenStores): void {
  testMerging(name, open);
  testApplying(name, open);
  testResuming(name, open);
  testListing(name, open);
  testLeases(name, open);
}
