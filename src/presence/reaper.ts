import { type Instance, type Outcome, type PresenceStore, StoreUnavailableError } from "./store.ts";

/** A claimer that dies while it reaps loses the claim after so long, in ms. */
const CLAIM_TTL_MS = 5000;

/** How soon a claim is tried again while the store is away, in ms. */
const CLAIM_RETRY_MS = 250;

/** What {@linkcode Reaper} works with. */
export interface ReaperOptions {
  readonly store: PresenceStore;
  /** The instance that reaps now. */
  readonly instance: () => Instance;
  /** Resolves when whatever this node has to save from the dead instance is saved. */
  readonly ready: (instance: Instance) => Promise<void>;
  /** Sessions of a dead instance ended. */
  readonly onReaped: (instance: Instance, outcomes: readonly Outcome[]) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Ends what dead instances left behind. Of all nodes that notice a death one gets the claim and does
 * it; one that cannot reach the store tries until it can, or until another has done it.
 */
export class Reaper {
  readonly #options: ReaperOptions;
  readonly #reaping = new Map<Instance, Promise<void>>();
  /** Claimed by this node, and not reaped yet because the store went away. */
  readonly #claimed = new Set<Instance>();
  readonly #retries = new Set<ReturnType<typeof setTimeout>>();
  #isStopped = false;

  constructor(options: ReaperOptions) {
    this.#options = options;
  }

  /** Ends an instance that is dead; resolves when this node has done its part. */
  reap(instance: Instance): Promise<void> {
    let reaping = this.#reaping.get(instance);
    if (reaping === undefined) {
      reaping = this.#claimAndReap(instance).finally(() => this.#reaping.delete(instance));
      this.#reaping.set(instance, reaping);
    }
    return reaping;
  }

  /**
   * Ends the caller's own instance, at the end of a drain.
   *
   * @throws {StoreUnavailableError}
   */
  async reapSelf(): Promise<void> {
    const { store, instance, onReaped } = this.#options;
    const self = instance();
    await store.claim(self, self, CLAIM_TTL_MS);
    const outcomes = await store.reap(self, Date.now());
    if (outcomes.length > 0) onReaped(self, outcomes);
  }

  stop(): void {
    this.#isStopped = true;
    for (const retry of this.#retries) clearTimeout(retry);
  }

  async #claimAndReap(instance: Instance): Promise<void> {
    const { store, ready, onReaped, onError } = this.#options;
    await ready(instance);
    if (this.#isStopped || instance === this.#options.instance()) return;
    try {
      const isOurs = this.#claimed.has(instance) ||
        await store.claim(instance, this.#options.instance(), CLAIM_TTL_MS);
      if (!isOurs) return;
      this.#claimed.add(instance);
      const outcomes = await store.reap(instance, Date.now());
      this.#claimed.delete(instance);
      onReaped(instance, outcomes);
    } catch (error) {
      if (error instanceof StoreUnavailableError) this.#retry(instance);
      else onError(error);
    }
  }

  #retry(instance: Instance): void {
    if (this.#isStopped) return;
    const retry = setTimeout(() => {
      this.#retries.delete(retry);
      void this.reap(instance);
    }, CLAIM_RETRY_MS);
    this.#retries.add(retry);
  }
}
