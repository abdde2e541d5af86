/**
 * Nodes that share a presence store, as the model-based tests have them.
 *
 * @module
 */
import type { Instance } from "../../src/presence/store.ts";
import { LEASE_MS, type Stores, T0 } from "../conformance/store/builders.ts";
import { StoreModel } from "./store_model.ts";

/** The nodes. */
export const NODES = [0, 1, 2];

/** The stores under test. */
export interface Real extends Stores {
  /** Lets an instance's lease run out. */
  lapse(instance: Instance): Promise<void>;
}

/** The model, and what nodes know: their clocks, and who they are at the moment. */
export class World {
  readonly model = new StoreModel();
  readonly skews = [0, 0, 0];
  readonly instances: Instance[] = NODES.map((node) => `n${node}:0`);
  #nowMs = T0;
  #made = 0;

  /** A world whose nodes have all started. */
  static async begin({ store }: Stores): Promise<World> {
    const world = new World();
    for (const instance of world.instances) {
      await store.openLease(instance, LEASE_MS);
      world.model.open(instance);
    }
    return world;
  }

  /** A node's wall clock. */
  now(node: number): number {
    this.#nowMs += 3;
    return this.#nowMs + (this.skews[node] ?? 0);
  }

  instance(node: number): Instance {
    return this.instances[node] ?? "";
  }

  /** An id that was never used before. */
  newId(prefix: string): string {
    return `${prefix}${++this.#made}`;
  }
}
