import type { Instance, StoreUnavailableError } from "./store.ts";

/** What presence has to say to an operator. */
export interface PresenceLog {
  /** Another node is dead; this one ended its sessions. */
  reaped(instance: Instance, sessions: number): void;
  /** This node was taken for dead, or the store lost its data; it goes on under a new incarnation. */
  leaseLost(): void;
  storeAway(error: StoreUnavailableError): void;
  storeBack(): void;
  malformed(subject: string): void;
  /** Something that should not happen; `what` was being done. */
  failed(what: string, error: unknown): void;
}
