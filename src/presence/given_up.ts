import { isSameRun } from "./instance.ts";
import type { Instance } from "./store.ts";

/** So many are remembered, the latest ones. */
const MAX = 100;

/**
 * Peers that were taken for dead. One that holds a lease nevertheless is alive behind a cut of the
 * bus: it found its lease gone, went on under its next incarnation, and is not heard here.
 */
export class GivenUp {
  readonly #instances = new Set<Instance>();

  add(instance: Instance): void {
    this.#instances.delete(instance);
    this.#instances.add(instance);
    for (const oldest of this.#instances) {
      if (this.#instances.size <= MAX) return;
      this.#instances.delete(oldest);
    }
  }

  /**
   * Whether any of them is alive and cannot be heard.
   *
   * @param holders who holds a lease now
   * @param heard who is heard on the bus
   */
  areAmong(holders: readonly Instance[], heard: readonly Instance[]): boolean {
    if (this.#instances.size === 0) return false;
    const given = [...this.#instances];
    return holders.some((holder) =>
      given.some((instance) => isSameRun(instance, holder)) &&
      !heard.some((peer) => isSameRun(peer, holder))
    );
  }
}
