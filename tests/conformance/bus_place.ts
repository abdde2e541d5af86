/**
 * Where the conformance tests of the bus take place, and what they are told in.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Bus, BusError, type BusErrorReason } from "../../src/bus/bus.ts";

/** Where the buses of one test meet. */
export interface BusPlace extends AsyncDisposable {
  /** What the subjects of this test start with. */
  readonly prefix: string;
  /** One more bus, connected; it is closed with the place. */
  connect(): Promise<Bus>;
  /** Takes the bus away from everybody; resolves once everybody knows. */
  cut(): Promise<void>;
  /** Brings it back; resolves once everybody is connected. */
  mend(): Promise<void>;
}

/** Makes a place; only a `breakable` one is going to be cut. */
export type OpenBusPlace = (options: { readonly breakable: boolean }) => Promise<BusPlace>;

/** Gathers what a subscription hears. */
export function listen(
  bus: Bus,
  pattern: string,
  what?: "data" | "subject",
  queue?: string,
): string[] {
  const heard: string[] = [];
  bus.subscribe(
    pattern,
    (message) => void heard.push(message[what ?? "data"]),
    queue ? { queue } : {},
  );
  return heard;
}

/** Waits until the subscriptions of these buses are in effect. */
export async function settle(...buses: Bus[]): Promise<void> {
  await Promise.all(buses.map((bus) => bus.flush()));
}

/** Checks that `call` fails with a {@linkcode BusError} of `reason`. */
export async function rejectsWith(reason: BusErrorReason, call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, hasReason(reason));
}

/** For `assert.throws`: whether the error is a {@linkcode BusError} of `reason`. */
export function hasReason(reason: BusErrorReason): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof BusError, `not a BusError: ${error}`);
    assert.equal(error.reason, reason);
    return true;
  };
}
