/**
 * A bus's status and who wants to hear of its changes.
 *
 * @module
 */

import { getLogger } from "@logtape/logtape";
import type { BusStatus } from "./bus.ts";

const log = getLogger(["waygate", "bus"]);

/** Holds the status; tells each change once, in order, to every listener. */
export class StatusSource {
  #status: BusStatus;
  readonly #listeners = new Set<{ readonly call: (status: BusStatus) => void }>();

  constructor(status: BusStatus) {
    this.#status = status;
  }

  get status(): BusStatus {
    return this.#status;
  }

  /** See {@linkcode Bus.onStatus}. */
  listen(call: (status: BusStatus) => void): () => void {
    const listener = { call };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Changes the status; nothing happens when it is that already. */
  set(status: BusStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    for (const { call } of [...this.#listeners]) {
      try {
        call(status);
      } catch (error) {
        log.error("A listener to the bus status failed: {error}", { error });
      }
    }
  }
}
