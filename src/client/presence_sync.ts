import type { PresenceInterestParams, PresencesResult } from "../protocol/methods.ts";
import type { Presence } from "../protocol/presence.ts";
import { backoffMs } from "./backoff.ts";
import type { CallOptions } from "./client_options.ts";
import { type ClientEnvironment, pause } from "./environment.ts";
import { chunks, PresenceInterest } from "./presence_interest.ts";
import { type PresenceChange, PresenceModel } from "./presence_model.ts";

/** What keeping presence needs of the client. */
export interface PresencePort {
  /** Calls a method of the server. */
  call(method: string, params: PresenceInterestParams, options: CallOptions): Promise<unknown>;
  /** The view has changed. */
  changed(change: PresenceChange): void;
  /** A snapshot could not be taken; there will be another try. */
  failed(error: unknown): void;
}

/** Keeps a {@linkcode PresenceModel} right over all the connections of a client. */
export class PresenceSync {
  readonly #port: PresencePort;
  readonly #environment: ClientEnvironment;
  readonly #interest = new PresenceInterest();
  readonly #model = new PresenceModel((presence) => this.#interest.matches(presence));
  readonly #waiters = new Set<() => void>();
  /** The connection, while it can carry requests; aborted when it is gone. */
  #link: AbortController | null = null;
  /** Whether this connection's whole snapshot has come. */
  #whole = false;
  #asking = 0;

  constructor(port: PresencePort, environment: ClientEnvironment) {
    this.#port = port;
    this.#environment = environment;
  }

  get synced(): boolean {
    return this.#whole && this.#asking === 0 && this.#interest.everAsked;
  }

  get model(): PresenceModel {
    return this.#model;
  }

  /** A connection can carry requests; what comes from now on is newer than what is known. */
  connected(own: Presence): void {
    const link = this.#link = new AbortController();
    this.#model.begin();
    this.update([own]);
    this.#resync(link.signal);
  }

  /** The connection is gone; what is known stays until the next has a snapshot. */
  detached(): void {
    this.#link?.abort();
    this.#link = null;
    this.#whole = false;
  }

  /** Another user's connection begins: nothing known is of any use. */
  reset(): void {
    this.#tell(this.#model.clear());
  }

  /** Presences have come from the server. */
  update(presences: readonly Presence[]): void {
    this.#tell(this.#model.apply(presences));
  }

  async subscribe(
    interest: PresenceInterestParams,
    options: CallOptions,
  ): Promise<readonly Presence[]> {
    this.#interest.add(interest);
    this.#tell(this.#model.refilter());
    this.#asking++;
    try {
      return await this.#snapshot(interest, options);
    } catch (error) {
      this.#interest.remove(interest);
      this.#tell(this.#model.refilter());
      throw error;
    } finally {
      this.#asking--;
      if (this.synced) this.#port.changed({ changed: [], removed: [] });
    }
  }

  async unsubscribe(interest: PresenceInterestParams, options: CallOptions): Promise<void> {
    const ended = this.#interest.remove(interest);
    if (ended.all === true) this.#interest.refuseAll();
    this.#tell(this.#model.refilter());
    // Without a connection there is nothing to end: the next one asks for what is left.
    if (this.#link === null) return;
    await this.#callAll("presence.unsubscribe", chunks(ended), options);
  }

  async #snapshot(
    interest: PresenceInterestParams,
    options: CallOptions,
  ): Promise<readonly Presence[]> {
    const link = this.#link;
    if (link !== null) {
      try {
        const presences = await this.#callAll("presence.subscribe", chunks(interest), options);
        this.update(presences);
        return presences;
      } catch (error) {
        // The next connection asks for it by itself, together with all the rest.
        if (!link.signal.aborted || options.signal?.aborted === true) throw error;
      }
    }
    await this.#nextWhole(options.signal);
    return this.#model.select(interest);
  }

  /** Asks for everything again, until it has come or the connection is gone. */
  async #resync(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        if (this.#interest.allRefused) {
          await this.#port.call("presence.unsubscribe", { all: true }, { signal });
        }
        const requests = this.#interest.requests();
        const presences = await this.#callAll("presence.subscribe", requests, { signal });
        if (!signal.aborted) this.#complete(presences);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#port.failed(error);
        await pause(this.#environment, backoffMs(attempt, this.#environment.random), signal);
      }
    }
  }

  #complete(presences: readonly Presence[]): void {
    const { changed, removed } = this.#model.apply(presences);
    const gone = this.#model.complete().removed;
    this.#whole = true;
    this.#port.changed({ changed, removed: [...removed, ...gone] });
    for (const resolve of [...this.#waiters]) resolve();
  }

  async #callAll(
    method: string,
    requests: readonly PresenceInterestParams[],
    options: CallOptions,
  ): Promise<readonly Presence[]> {
    const results = await Promise.all(
      requests.map((params) => this.#port.call(method, params, options)),
    );
    return results.flatMap((result) => (result as Partial<PresencesResult>).presences ?? []);
  }

  #nextWhole(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const settle = (): void => {
        this.#waiters.delete(done);
        signal?.removeEventListener("abort", abort);
      };
      const done = (): void => (settle(), resolve());
      const abort = (): void => (settle(), reject(signal?.reason));
      this.#waiters.add(done);
      signal?.addEventListener("abort", abort);
    });
  }

  #tell(change: PresenceChange): void {
    if (change.changed.length + change.removed.length > 0) this.#port.changed(change);
  }
}
