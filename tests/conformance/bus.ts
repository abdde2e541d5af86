/**
 * What every bus must do: the port's promises, as tests.
 *
 * @module
 */

import { testBusDelivery } from "./bus_delivery.ts";
import { testBusClose, testBusOutages } from "./bus_lifecycle.ts";
import type { OpenBusPlace } from "./bus_place.ts";
import { testBusRefusals, testBusRequests } from "./bus_requests.ts";
import { testBusPatterns, testBusSubscriptions } from "./bus_subscriptions.ts";

export type { BusPlace, OpenBusPlace } from "./bus_place.ts";

/** Holds the buses of `open` to the contract of the port. */
export function busConformance(name: string, open: OpenBusPlace): void {
  testBusDelivery(name, open);
  testBusPatterns(name, open);
  testBusSubscriptions(name, open);
  testBusRequests(name, open);
  testBusRefusals(name, open);
  testBusOutages(name, open);
  testBusClose(name, open);
}
