/**
 * A presence store that a test can hold up.
 *
 * @module
 */
import { createMemoryStore } from "../../src/presence/store_memory.ts";
import { type PresenceStore, StoreUnavailableError } from "../../src/presence/store.ts";

/** A store whose writes wait while the gate is shut. */
export class GatedStore {
  readonly store: PresenceStore;
  #gate: PromiseWithResolvers<void> | undefined;
  /** Writes that wait. */
  waiting = 0;
  /** Whether writes fail. */
  isAway = false;

  constructor() {
    const memory = createMemoryStore({ resumeWindowMs: 60_000 });
    const apply: PresenceStore["apply"] = async (instance, changes) => {
      this.waiting++;
      await this.#gate?.promise;
      this.waiting--;
      if (this.isAway) throw new StoreUnavailableError("The test says so");
      return await memory.apply(instance, changes);
    };
    this.store = new Proxy<PresenceStore>(memory, {
      get(_, name: keyof PresenceStore) {
        if (name === "apply") return apply;
        // It has to be called, as one that is elsewhere.
        if (name === "applyNow") return undefined;
        const member = memory[name];
        return typeof member === "function" ? member.bind(memory) : member;
      },
    });
  }

  shut(): void {
    this.#gate = Promise.withResolvers();
  }

  open(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }
}
