/**
 * Calling what subscribers and listeners handed in, so that none can break the bus or each other.
 *
 * @module
 */

import { getLogger } from "@logtape/logtape";
import type { BusHandler, BusMessage } from "./bus.ts";

const log = getLogger(["waygate", "bus"]);

/** Calls `handler`; what it throws, or rejects with if it is asynchronous, is logged. */
export function deliver(handler: BusHandler, message: BusMessage): void {
  try {
    const outcome: unknown = handler(message);
    if (outcome instanceof Promise) outcome.catch((error) => report(error, message));
  } catch (error) {
    report(error, message);
  }
}

function report(error: unknown, { subject }: BusMessage): void {
  log.error("A bus handler failed on {subject}: {error}", { subject, error });
}
