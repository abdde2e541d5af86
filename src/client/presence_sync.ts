import type { RpcError } from "../protocol/errors.ts";
import type { PresenceInterestParams } from "../protocol/methods.ts";
import type { Presence } from "../protocol/presence.ts";
import { backoffMs } from "./backoff.ts";
import type { CallOptions } from "./client_options.ts";
import { type ClientEnvironment, pause } from "./environment.ts";
import { PresenceAsk } from "./presence_ask.ts";
import { chunks, PresenceInterest } from "./presence_interest.ts";
import { type PresenceChange, PresenceModel } from "./presence_model.ts";
import { isRefusal, type PresenceCall, PresenceRequests } from "./presence_requests.ts";

/** What keeping presence needs of the client. */
export interface PresencePort {
  readonly call: PresenceCall;
  /** The view has changed. */
  changed(change: PresenceChange): void;
  /** A snapshot could not be taken; unless it was refused, there will be another try. */
  failed(error: unknown): void;
}

/** Keeps a {@linkcode PresenceModel} right over all the connections of a client. */
export class PresenceSync {
  readonly #port: PresencePort;
  readonly #requests: PresenceRequests;
  readonly #environment: ClientEnvironment;
  readonly #interest = new PresenceInterest();
  readonly #model = new PresenceModel(this.#interest);
  readonly #asks = new Set<PresenceAsk>();
  /** The connection, while it can carry requests; aborted when it is gone. */
  #link: AbortController | null = null;
  /** Whether this connection's whole snapshot has come. */
  #whole = false;
  #refusal: RpcError | null = null;

  constructor(port: PresencePort, environment: ClientEnvironment) {
    this.#port = port;
    this.#requests = new PresenceRequests(port.call);
    this.#environment = environment;
  }

  get synced(): boolean {
    return this.#whole && this.#asks.size === 0 && this.#interest.restricted;
  }

  /** Why this connection's whole snapshot will not come. */
  get refusal(): RpcError | null {
    return this.#refusal;
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
      this.#refusal = null;
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
      this.#takeBack(ask, error);
      throw error;
    }
  }

  async unsubscribe(interest: PresenceInterestParams, options: CallOptions): Promise<void> {
    const ended = this.#interest.remove(interest);
    if (ended.all === true) this.#interest.refuseAll();
    this.#restrict();
    const link = this.#link;
    const requests = chunks(ended);
    // Without a connection there is nothing to end: the next one asks for what is left.
    if (link === null || requests.length === 0) return;
    const ending = this.#requests.unsubscribe(requests, options);
    this.#askAgain();
    const [failure] = (await ending).failures;
    // Nor where it broke meanwhile.
    if (failure === undefined || (link.signal.aborted && options.signal?.aborted !== true)) return;
    throw failure;
  }

  async #ask(ask: PresenceAsk, options: CallOptions): Promise<readonly Presence[]> {
    const startedAt = this.#environment.now();
    const link = this.#link;
    if (link !== null) {
      try {
        const presences = await this.#subscribe(ask.interest, options);
        this.#askAgain();
        return presences;
      } catch (error) {
        // The next connection asks for it by itself, together with all the rest.
        if (!link.signal.aborted || options.signal?.aborted === true) throw error;
      }
    }
    const { timeoutMs = Infinity } = options;
    const spentMs = Math.max(0, this.#environment.now() - startedAt);
    return await ask.wait(this.#environment, Math.max(0, timeoutMs - spentMs), options.signal);
  }

  /** What is asked for has changed: what was refused with the rest may be taken now. */
  #askAgain(): void {
    if (this.#link === null || this.#refusal === null) return;
    this.#do(() => void (this.#refusal = null));
    this.#model.begin();
    this.#resync(this.#link.signal);
  }

  /** Asks for everything again, until it has come, is refused, or the connection is gone. */
  async #resync(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      const { revision } = this.#interest;
      const failure = await this.#askAll(signal);
      if (signal.aborted || failure === undefined) return;
      if (isRefusal(failure)) {
        await this.#askEach(signal);
        // What spoilt it for all may be gone.
        if (revision !== this.#interest.revision) continue;
      }
      if (signal.aborted) return;
      this.#port.failed(failure);
      if (isRefusal(failure) && ![...this.#asks].some(({ waits }) => waits)) {
        return this.#do(() => {
          this.#refusal = failure;
        });
      }
      await pause(this.#environment, backoffMs(attempt, this.#environment.random), signal);
    }
  }

  /** @returns why not all has come; what may pass sooner than a refusal, where there is such */
  async #askAll(signal: AbortSignal): Promise<unknown> {
    const unwanted = this.#interest.allRefused ? [{ all: true }] : [];
    const wanted = this.#interest.requests();
    const [ended, begun] = await Promise.all([
      this.#requests.unsubscribe(unwanted, { signal }),
      this.#requests.subscribe(wanted, { signal }),
    ]);
    if (signal.aborted) return;
    const failures = [...ended.failures, ...begun.failures];
    if (failures.length === 0) return this.#complete(begun.presences, wanted.length > 0);
    // Part of it is still newer than what is known.
    if (this.#interest.restricted) this.update(begun.presences);
    return failures.find((failure) => !isRefusal(failure)) ?? failures[0];
  }

  /** Asks for what waits, one after another: one of them may spoil it for all. */
  async #askEach(signal: AbortSignal): Promise<void> {
    for (const ask of [...this.#asks]) {
      if (!ask.waits) continue;
      try {
        const presences = await this.#subscribe(ask.interest, { signal });
        ask.resolve(presences);
      } catch (error) {
        if (!isRefusal(error)) continue;
        this.#takeBack(ask, error);
        ask.reject(error);
      }
    }
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
    const { presences, failures } = await this.#requests.subscribe(chunks(interest), options);
    if (failures.length > 0) throw failures[0];
    this.#restrict();
    this.update(presences);
    return presences;
  }

  #restrict(): void {
    this.#do(() => {
      this.#interest.restrict();
      return this.#model.refilter();
    });
  }

  #takeBack(ask: PresenceAsk, error: unknown): void {
    if (!this.#asks.has(ask)) return;
    const ended = this.#interest.remove(ask.interest);
    this.#do(() => {
      this.#asks.delete(ask);
      return this.#model.refilter();
    });
    // A request refused as a whole has begun nothing; of any other the server may have begun some.
    if (this.#link === null || (isRefusal(error) && chunks(ask.interest).length === 1)) return;
    // Before anything was asked for, everyone may be what the server sends by itself.
    const all = ended.all === true && this.#interest.restricted;
    this.#requests.unsubscribe(chunks({ ...ended, all }), {});
  }

  /** Does something, and tells what it changed: who is in the view, or whether that is all. */
  #do(step: () => PresenceChange | void): void {
    const { synced, refusal } = this;
    const change = step() ?? { changed: [], removed: [] };
    const users = change.changed.length + change.removed.length;
    if (users > 0 || synced !== this.synced || refusal !== this.refusal) this.#port.changed(change);
  }
}
