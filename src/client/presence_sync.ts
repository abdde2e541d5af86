import { ErrorCode, RpcError } from "../protocol/errors.ts";
import type { PresenceInterestParams, PresencesResult } from "../protocol/methods.ts";
import type { Presence } from "../protocol/presence.ts";
import { backoffMs } from "./backoff.ts";
import type { CallOptions } from "./client_options.ts";
import { type ClientEnvironment, pause } from "./environment.ts";
import { PresenceAsk } from "./presence_ask.ts";
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

const NOTHING: PresenceChange = { changed: [], removed: [] };

/** Keeps a {@linkcode PresenceModel} right over all the connections of a client. */
export class PresenceSync {
  readonly #port: PresencePort;
  readonly #environment: ClientEnvironment;
  readonly #interest = new PresenceInterest();
  readonly #model = new PresenceModel(this.#interest);
  readonly #asks = new Set<PresenceAsk>();
  /** The connection, while it can carry requests; aborted when it is gone. */
  #link: AbortController | null = null;
  /** Whether this connection's whole snapshot has come. */
  #whole = false;

  constructor(port: PresencePort, environment: ClientEnvironment) {
    this.#port = port;
    this.#environment = environment;
  }

  get synced(): boolean {
    return this.#whole && this.#asks.size === 0 && this.#interest.restricted;
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
    this.#do(() => {
      this.#whole = false;
    });
  }

  /** Another user's connection begins: nothing known is of any use. */
  reset(): void {
    this.#do(() => this.#model.clear());
  }

  /** Presences have come from the server. */
  update(presences: readonly Presence[]): void {
    this.#do(() => this.#model.apply(presences));
  }

  async subscribe(
    interest: PresenceInterestParams,
    options: CallOptions,
  ): Promise<readonly Presence[]> {
    const ask = new PresenceAsk(interest);
    this.#interest.add(interest);
    this.#do(() => {
      this.#asks.add(ask);
    });
    try {
      const presences = await this.#ask(ask, options);
      this.#do(() => {
        this.#asks.delete(ask);
      });
      return presences;
    } catch (error) {
      this.#takeBack(ask);
      throw error;
    }
  }

  async unsubscribe(interest: PresenceInterestParams, options: CallOptions): Promise<void> {
    const ended = this.#interest.remove(interest);
    if (ended.all === true) this.#interest.refuseAll();
    this.#restrict();
    // Without a connection there is nothing to end: the next one asks for what is left.
    if (this.#link === null) return;
    await this.#callAll("presence.unsubscribe", chunks(ended), options);
  }

  async #ask(ask: PresenceAsk, options: CallOptions): Promise<readonly Presence[]> {
    const startedAt = this.#environment.now();
    const link = this.#link;
    if (link !== null) {
      try {
        return await this.#subscribe(ask.interest, options);
      } catch (error) {
        // The next connection asks for it by itself, together with all the rest.
        if (!link.signal.aborted || options.signal?.aborted === true) throw error;
      }
    }
    const { timeoutMs = Infinity } = options;
    const spentMs = Math.max(0, this.#environment.now() - startedAt);
    return await ask.wait(this.#environment, Math.max(0, timeoutMs - spentMs), options.signal);
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
        if (!signal.aborted) this.#complete(presences, requests.length > 0);
        return;
      } catch (error) {
        if (signal.aborted) return;
        // One of those who waited may have spoilt it for all.
        if (isRefusal(error) && await this.#askEach(signal)) continue;
        this.#port.failed(error);
        await pause(this.#environment, backoffMs(attempt, this.#environment.random), signal);
      }
    }
  }

  /** Asks for what waits, one after another. @returns whether any of it was refused */
  async #askEach(signal: AbortSignal): Promise<boolean> {
    let refused = false;
    for (const ask of [...this.#asks]) {
      if (!ask.waits) continue;
      try {
        const presences = await this.#subscribe(ask.interest, { signal });
        ask.resolve(presences);
      } catch (error) {
        if (!isRefusal(error)) continue;
        refused = true;
        this.#takeBack(ask);
        ask.reject(error);
      }
    }
    return refused;
  }

  #complete(presences: readonly Presence[], asked: boolean): void {
    if (asked) this.#restrict();
    this.#do(() => {
      const { changed, removed } = this.#model.apply(presences);
      const gone = this.#model.complete().removed;
      this.#whole = true;
      return { changed, removed: [...removed, ...gone] };
    });
    for (const ask of [...this.#asks]) ask.resolve(this.#model.select(ask.interest));
  }

  /** The server has subscribed what was asked for. */
  async #subscribe(
    interest: PresenceInterestParams,
    options: CallOptions,
  ): Promise<readonly Presence[]> {
    const presences = await this.#callAll("presence.subscribe", chunks(interest), options);
    this.#restrict();
    this.update(presences);
    return presences;
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

  #restrict(): void {
    this.#do(() => {
      this.#interest.restrict();
      return this.#model.refilter();
    });
  }

  #takeBack(ask: PresenceAsk): void {
    this.#do(() => {
      if (!this.#asks.delete(ask)) return;
      this.#interest.remove(ask.interest);
      return this.#model.refilter();
    });
  }

  /** Does something, and tells what it changed: who is in the view, or whether that is all. */
  #do(step: () => PresenceChange | void): void {
    const { synced } = this;
    const change = step() ?? NOTHING;
    if (change.changed.length + change.removed.length > 0 || synced !== this.synced) {
      this.#port.changed(change);
    }
  }
}

/** Whether the server will not do it, however often it is asked. */
function isRefusal(error: unknown): boolean {
  return error instanceof RpcError &&
    (error.code === ErrorCode.invalidParams || error.code === ErrorCode.forbidden);
}
