import { type ErrorObject, RpcError } from "../protocol/errors.ts";
import type { Json, JsonObject } from "../protocol/json.ts";
import { ClientError } from "./client_error.ts";
import type { CallOptions } from "./client_options.ts";
import type { ConnectionReason } from "./connection_state.ts";
import type { ClientEnvironment } from "./environment.ts";
import { Outgoing } from "./outgoing.ts";

/** Takes a text frame. @returns false when the connection does not take any */
export type Wire = (text: string) => boolean;

/** Limits of a client's calls. */
export interface CallLimits {
  /** How long a call waits unless it says otherwise, in ms. */
  readonly timeoutMs: number;
  /** How many requests may wait for a connection. */
  readonly queueLimit: number;
}

/** What calls tell. */
export interface CallEvents {
  /** A message goes out. */
  sent(message: Outgoing): void;
  /** A request was answered with a result. */
  answered(request: Outgoing, result: Json): void;
  /** A notification that waited for a connection will not go out. */
  dropped(error: ClientError): void;
}

interface Request {
  readonly outgoing: Outgoing;
  /** Whether it has gone out. */
  sent: boolean;
  resolve(result: Json): void;
  reject(error: unknown): void;
}

/** Whether calls may go out (`open`), wait for a connection (`wait`), or fail at once (`shut`). */
type Gate = "open" | "wait" | "shut";

/** The requests of a client, over all its connections: which wait, and which want an answer. */
export class Calls {
  readonly #environment: ClientEnvironment;
  readonly #limits: CallLimits;
  readonly #events: CallEvents;
  readonly #pending = new Map<number, Request>();
  /** What waits for a connection, the first called first. */
  readonly #queue = new Set<Request>();
  #gate: Gate = "shut";
  #reason: ConnectionReason | null = null;
  #wire: Wire | null = null;
  #maxBytes = Infinity;
  // Never starts anew, so that no answer can be taken for another connection's.
  #nextId = 1;

  constructor(environment: ClientEnvironment, limits: CallLimits, events: CallEvents) {
    this.#environment = environment;
    this.#limits = limits;
    this.#events = events;
  }

  /** A connection is there; only calls that are `first` use it before {@linkcode open}. */
  attach(wire: Wire, maxBytes: number): void {
    this.#wire = wire;
    this.#maxBytes = maxBytes;
  }

  /** The connection is ready: what waits goes out, in the order it was called. */
  open(): void {
    this.#gate = "open";
    // Whoever is told of one may end the connection: the rest is then for others to say.
    for (const request of this.#queue) {
      if (this.#gate !== "open") return;
      try {
        if (!this.#send(request)) return;
      } catch (error) {
        this.#queue.delete(request);
        request.reject(error);
      }
    }
  }

  /** The connection is gone: what was sent and not answered fails, for it may have been done. */
  detach(): void {
    this.#wire = null;
    if (this.#gate === "open") this.#gate = "wait";
    for (const { sent, outgoing, reject } of [...this.#pending.values()]) {
      if (!sent) continue;
      const words = `The connection broke before ${outgoing.method} was answered: ` +
        "it may have been done or not";
      reject(new ClientError("outcome_unknown", words, { sent: true }));
    }
  }

  /** A connection is being made. */
  wait(): void {
    this.#gate = "wait";
  }

  /** No connection will come: what waits fails. */
  shut(reason: ConnectionReason): void {
    this.#gate = "shut";
    this.#reason = reason;
    const waiting = [...this.#queue];
    this.#queue.clear();
    for (const request of waiting) {
      request.reject(new ClientError("closed", reason.message, { reason }));
    }
  }

  /**
   * Calls a method.
   *
   * @param first whether it belongs to this connection alone, and goes before all that waits
   */
  call(
    method: string,
    params: unknown,
    { timeoutMs = this.#limits.timeoutMs, signal }: CallOptions = {},
    first = false,
  ): Promise<Json> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const id = this.#nextId++;
      const outgoing = new Outgoing(method, params, id);
      const abort = (): void => request.reject(signal?.reason);
      const cancelTimer = this.#environment.setTimer(
        () => request.reject(timeoutError(request, timeoutMs)),
        timeoutMs,
      );
      const settle = (): void => {
        this.#pending.delete(id);
        this.#queue.delete(request);
        cancelTimer();
        signal?.removeEventListener("abort", abort);
      };
      const request: Request = {
        outgoing,
        sent: false,
        resolve: (result) => (settle(), resolve(result)),
        reject: (error) => (settle(), reject(error)),
      };
      signal?.addEventListener("abort", abort);
      this.#pending.set(id, request);
      try {
        this.#admit(request, first);
      } catch (error) {
        request.reject(error);
      }
    });
  }

  /**
   * Calls a method without wanting an answer.
   *
   * @throws {ClientError} it can neither go out nor wait; what fails later is told as an event
   */
  notify(method: string, params: unknown): void {
    const reject = (error: unknown): void => this.#events.dropped(error as ClientError);
    const outgoing = new Outgoing(method, params);
    this.#admit({ outgoing, sent: false, resolve: () => {}, reject }, false);
  }

  /** Takes an answer. @returns false when no call is waiting for it */
  answer({ id, result, error }: JsonObject): boolean {
    const request = this.#pending.get(id as number);
    if (request === undefined) return false;
    if (error === undefined) {
      request.resolve(result as Json);
      this.#events.answered(request.outgoing, result as Json);
    } else {
      request.reject(rpcError(error));
    }
    return true;
  }

  #admit(request: Request, first: boolean): void {
    if (first) {
      if (this.#send(request)) return;
      throw new ClientError("not_connected", "The connection is gone");
    }
    // Nothing overtakes what waits still.
    if (this.#gate === "open" && this.#queue.size === 0 && this.#send(request)) return;
    const { queueLimit } = this.#limits;
    if (this.#gate === "shut") {
      throw new ClientError("not_connected", "There is no connection: call connect() first", {
        reason: this.#reason,
      });
    }
    if (queueLimit === 0) {
      throw new ClientError("not_connected", "There is no connection at the moment", {
        retryable: true,
      });
    }
    if (this.#queue.size >= queueLimit) {
      throw new ClientError("queue_full", `${queueLimit} requests wait for a connection already`, {
        retryable: true,
      });
    }
    this.#queue.add(request);
  }

  /** Writes a request out. @returns false when the connection is just gone */
  #send(request: Request): boolean {
    const { outgoing } = request;
    outgoing.assertFits(this.#maxBytes);
    if (this.#wire?.(outgoing.text) !== true) return false;
    request.sent = true;
    this.#queue.delete(request);
    this.#events.sent(outgoing);
    return true;
  }
}

/** The error of an answer, or of `system.error`. */
export function rpcError(error: unknown): RpcError {
  const { code, message, data } = Object(error) as Partial<ErrorObject>;
  return new RpcError(typeof code === "number" ? code : 0, data, message);
}

function timeoutError({ outgoing: { method }, sent }: Request, timeoutMs: number): ClientError {
  const words = sent
    ? `No answer to ${method} within ${timeoutMs} ms: it may have been done or not`
    : `No connection for ${method} within ${timeoutMs} ms`;
  return new ClientError("timeout", words, { sent, retryable: !sent });
}
