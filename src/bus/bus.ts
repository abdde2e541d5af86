/**
 * The bus: how nodes and services reach each other.
 *
 * One contract, two implementations beside it: `bus_memory.ts` (one process, the default in
 * development) and `bus_nats.ts`. `tests/conformance/bus.ts` holds every implementation to it.
 *
 * @module
 */

/** Header names and values that travel with a message. */
export type BusHeaders = Readonly<Record<string, string>>;

/** A message as a subscriber receives it. */
export interface BusMessage {
  /** The concrete subject it was published on, never a pattern. */
  readonly subject: string;
  /** UTF-8 text, JSON by convention. */
  readonly data: string;
  /** As published; empty for none. */
  readonly headers: BusHeaders;
  /** Answers a request; does nothing when the message was a plain publish. */
  respond(data: string, headers?: BusHeaders): void;
}

/** Handlers run in the order of publication by one publisher; what one throws is logged, never fatal. */
export type BusHandler = (message: BusMessage) => void;

/** An interest in a subject; ending it twice is harmless. */
export interface BusSubscription {
  /** No message is handed over after it. */
  unsubscribe(): void;
}

/** What {@linkcode Bus.subscribe} may be told. */
export interface BusSubscribeOptions {
  /** Subscribers of one queue name share the messages: each message goes to one of them. */
  readonly queue?: string;
}

/** What {@linkcode Bus.request} may be told. */
export interface BusRequestOptions {
  /** How long to wait for the reply, in milliseconds. */
  readonly timeoutMs: number;
  /** Travel with the request; none when absent. */
  readonly headers?: BusHeaders;
  /** Stops waiting; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Why a bus call failed. `no_responders` proves that nobody is subscribed; the others prove nothing. */
export type BusErrorReason = "no_responders" | "timeout" | "unavailable" | "too_large";

/** A failed bus call; `reason` says which way. */
export class BusError extends Error {
  /** Tells it from other errors where `instanceof` cannot, as between two bundles. */
  override readonly name = "BusError";
  /** Decide by it: `message` may change. */
  readonly reason: BusErrorReason;

  /** A failure with words for the log, and the `cause` beneath. */
  constructor(reason: BusErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Whether the bus reaches its peers at this moment. */
export type BusStatus = "connected" | "disconnected";

/** Publish and subscribe between nodes and services. */
export interface Bus {
  /** `connected` while messages flow. The in-process bus always is. */
  readonly status: BusStatus;

  /** Whether it can never be away: whoever subscribes gets every message, and none need be said again. */
  readonly isReliable?: boolean;

  /** Calls `listener` at each change of {@linkcode status}; returns how to stop it. */
  onStatus(listener: (status: BusStatus) => void): () => void;

  /**
   * Sends to every present subscriber of `subject`, at most once, and returns without waiting.
   * While disconnected the message is dropped: state is repaired by snapshots, not by replay.
   *
   * @throws {BusError} `too_large` when the payload is over what the bus carries
   */
  publish(subject: string, data: string, headers?: BusHeaders): void;

  /**
   * Whether anybody would get what is published on `subject` now, so that what nobody hears need not
   * be written. Only a bus that knows of all who subscribe has it.
   */
  isHeard?(subject: string): boolean;

  /**
   * Calls `handler` for every message whose subject matches `pattern` (`*` one part, `>` the rest).
   * It survives reconnects. In effect everywhere once a later {@linkcode flush} resolves.
   */
  subscribe(pattern: string, handler: BusHandler, options?: BusSubscribeOptions): BusSubscription;

  /**
   * Publishes and waits for the first reply.
   *
   * @throws {BusError} `no_responders` at once when nobody is subscribed, `timeout`, `unavailable`
   */
  request(subject: string, data: string, options: BusRequestOptions): Promise<BusMessage>;

  /**
   * Resolves when everything sent and subscribed before has reached the bus.
   *
   * @throws {BusError} `unavailable` while disconnected
   */
  flush(): Promise<void>;

  /** Delivers what is under way, then ends every subscription and the connection. */
  close(): Promise<void>;
}
