import type { JsonObject } from "../protocol/json.ts";
import type { Welcome } from "../protocol/notifications.ts";
import { backoffMs } from "./backoff.ts";
import { ClientError } from "./client_error.ts";
import type { ConnectOptions } from "./client_options.ts";
import { ConnectWaiters } from "./connect_waiters.ts";
import {
  describeEnd,
  isFinal,
  isRefusal,
  type LinkEnd,
  reasonMessage,
} from "./connection_reason.ts";
import type {
  ConnectionReason,
  ConnectionState,
  ReasonCode,
  StateChange,
} from "./connection_state.ts";
import { Dialer, type DialOptions } from "./dialer.ts";
import { type ClientEnvironment, pause } from "./environment.ts";
import type { Link } from "./link.ts";
import type { TokenSource } from "./token_source.ts";

/** A connection that lasted so long, in ms, was a good one: the backoff starts anew. */
const STABLE_MS = 10_000;

/** How long the closing handshake may take, in ms. */
const CLOSE_TIMEOUT_MS = 2_000;

/** What a connection tells. */
export interface ConnectionEvents {
  /** A message came. */
  message(message: JsonObject): void;
  /**
   * The server has greeted: what has to be first on a connection is sent now; `ready` is called
   * when all else may follow.
   */
  greeted(welcome: Welcome, link: Link, ready: () => void): void;
  /** Silence: a `system.ping` should be sent. */
  ping(): void;
  /** A connection, greeted or not, is gone. */
  detached(): void;
  /** State or reason have changed. */
  changed(change: StateChange): void;
  /** Something failed that is not told otherwise. */
  failed(error: ClientError): void;
}

/** Makes a connection and, whenever it ends, the next; until told otherwise. */
export class Connection {
  readonly #dialer: Dialer;
  readonly #tokens: TokenSource;
  readonly #environment: ClientEnvironment;
  readonly #events: ConnectionEvents;
  readonly #waiters = new ConnectWaiters();
  #state: ConnectionState = "idle";
  #reason: ConnectionReason | null = null;
  #welcome: Welcome | null = null;
  /** From `connect()` to the end of all trying; aborted there. */
  #life: AbortController | null = null;
  #link: Link | null = null;
  #leaving: Promise<void> = Promise.resolve();
  #wait: { readonly skip: AbortController; readonly notBefore: number } | null = null;

  constructor(
    options: DialOptions,
    tokens: TokenSource,
    environment: ClientEnvironment,
    events: ConnectionEvents,
  ) {
    this.#dialer = new Dialer(options, tokens, environment);
    this.#tokens = tokens;
    this.#environment = environment;
    this.#events = events;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get reason(): ConnectionReason | null {
    return this.#reason;
  }

  get welcome(): Welcome | null {
    return this.#welcome;
  }

  connect({ signal }: ConnectOptions): Promise<Welcome> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    if (this.#state === "connected" && this.#welcome !== null) {
      return Promise.resolve(this.#welcome);
    }
    const begins = this.#life === null;
    const life = this.#life ?? new AbortController();
    const connected = this.#waiters.wait(signal, () => {
      if (begins && this.#life === life) this.#give("aborted")?.drop();
    });
    if (begins) this.#begin(life);
    return connected;
  }

  disconnect(): Promise<void> {
    const link = this.#give("disconnected");
    if (link !== null) this.#leaving = this.#leave(link);
    return this.#leaving;
  }

  async #leave(link: Link): Promise<void> {
    const cancel = this.#environment.setTimer(() => link.drop(), CLOSE_TIMEOUT_MS);
    link.close();
    await link.ended;
    cancel();
  }

  reconnectNow(): void {
    if (this.#life === null) this.connect({}).catch(() => {});
    this.#wait?.skip.abort();
    this.#link?.check();
  }

  #begin(life: AbortController): void {
    this.#life = life;
    const stop = this.#environment.onWake(() => this.#wake());
    life.signal.addEventListener("abort", stop);
    this.#tokens.reset();
    this.#change("connecting", null);
    // Whoever listens may have ended it.
    if (!life.signal.aborted) this.#run(life.signal);
  }

  /** The network or the tab is back: no need to wait longer, unless the server asked for it. */
  #wake(): void {
    if (this.#wait !== null && this.#wait.notBefore <= this.#environment.now()) {
      this.#wait.skip.abort();
    }
    this.#link?.check();
  }

  /** Tries, lives, waits, and tries again. */
  async #run(signal: AbortSignal): Promise<void> {
    let attempt = 0;
    let refusals = 0;
    for (;;) {
      const end = await this.#attempt(signal);
      if (signal.aborted) return;
      const now = this.#environment.now();
      if (end.welcomedAt !== null && now - end.welcomedAt >= STABLE_MS) attempt = refusals = 0;
      if (isRefusal(end)) refusals++;
      const stop = isFinal(end, this.#tokens.fixed, refusals);
      // A token that has just been refused is most likely old: the next is asked for at once.
      const atOnce = isRefusal(end) && attempt === 0 && end.retryAfterMs === 0;
      const delayMs = atOnce ? 0 : end.retryAfterMs + backoffMs(attempt, this.#environment.random);
      attempt++;
      const reason = describeEnd(end, attempt, stop);
      if (stop) return this.#close(reason);
      await this.#pause(reason, delayMs, now + end.retryAfterMs, signal);
      if (signal.aborted) return;
    }
  }

  async #pause(
    reason: ConnectionReason,
    delayMs: number,
    notBefore: number,
    signal: AbortSignal,
  ): Promise<void> {
    const skip = new AbortController();
    const abort = (): void => skip.abort();
    signal.addEventListener("abort", abort);
    this.#wait = { skip, notBefore };
    this.#change("reconnecting", {
      ...reason,
      retryAtMs: Math.ceil(this.#environment.now() + delayMs),
    });
    await pause(this.#environment, delayMs, skip.signal);
    signal.removeEventListener("abort", abort);
    if (signal.aborted) return;
    this.#wait = null;
    this.#change("reconnecting", reason);
  }

  async #attempt(signal: AbortSignal): Promise<LinkEnd> {
    let link: Link | null = null;
    const end = await this.#dialer.dial(signal, {
      linked: (made) => this.#link = link = made,
      message: (message) => this.#events.message(message),
      welcome: (welcome) => {
        this.#welcome = welcome;
        if (link !== null) this.#greeted(welcome, link);
      },
      malformed: (problem) => this.#events.failed(new ClientError("bad_message", problem)),
      ping: () => this.#events.ping(),
      failed: (error) => this.#events.failed(error),
    });
    if (link !== null && this.#link === link) this.#detach();
    return end;
  }

  #greeted(welcome: Welcome, link: Link): void {
    this.#events.greeted(welcome, link, () => {
      if (this.#link === link && this.#state !== "connected") this.#connected(welcome);
    });
  }

  #connected(welcome: Welcome): void {
    const waiters = this.#waiters.take();
    this.#change("connected", null);
    for (const waiter of waiters) waiter.resolve(welcome);
  }

  /** Ends all trying from this side. @returns the connection that is still there */
  #give(code: ReasonCode): Link | null {
    if (this.#life === null) return null;
    const link = this.#link;
    if (link !== null) this.#detach();
    this.#close({ code, message: reasonMessage(code), attempt: 0 });
    return link;
  }

  #detach(): void {
    this.#link = null;
    this.#events.detached();
  }

  #close(reason: ConnectionReason): void {
    this.#life?.abort();
    this.#life = null;
    this.#wait = null;
    const waiters = this.#waiters.take();
    this.#change("closed", reason);
    const error = new ClientError("closed", reason.message, { reason });
    for (const waiter of waiters) waiter.reject(error);
  }

  #change(state: ConnectionState, reason: ConnectionReason | null): void {
    const change = { state, previous: this.#state, reason };
    this.#state = state;
    this.#reason = reason;
    this.#events.changed(change);
  }
}
