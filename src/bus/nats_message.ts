/**
 * NATS's messages and errors as the bus's.
 *
 * @module
 */

import {
  InvalidArgumentError,
  type Msg,
  MsgHdrsImpl,
  NoRespondersError,
  TimeoutError,
} from "@nats-io/nats-core";
import { BusError, type BusHeaders, type BusMessage } from "./bus.ts";
import { checkHeaders } from "./message_rules.ts";

const NO_HEADERS: BusHeaders = Object.freeze({});
/** A byte order mark is text like any other here. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Sends an answer. */
export type Answer = (subject: string, data: string, headers?: BusHeaders) => void;

/** A message from NATS; its headers are read only when somebody looks at them. */
export class NatsMessage implements BusMessage {
  readonly data: string;
  readonly #message: Msg;
  readonly #answer: Answer;
  #headers: BusHeaders | undefined;

  constructor(message: Msg, answer: Answer) {
    this.data = decoder.decode(message.data);
    this.#message = message;
    this.#answer = answer;
  }

  get subject(): string {
    return this.#message.subject;
  }

  get headers(): BusHeaders {
    return this.#headers ??= readHeaders(this.#message);
  }

  respond(data: string, headers?: BusHeaders): void {
    const { reply } = this.#message;
    if (reply) this.#answer(reply, data, headers);
  }
}

/**
 * Headers as NATS's client wants them.
 *
 * @throws {TypeError} when a name or a value cannot be a header
 */
export function writeHeaders(headers: BusHeaders): MsgHdrsImpl {
  const written = new MsgHdrsImpl();
  for (const [name, value] of Object.entries(checkHeaders(headers))) written.set(name, value);
  return written;
}

/** What an error of NATS's client means to a caller of the bus. */
export function toBusError(error: unknown, subject: string): unknown {
  if (error instanceof BusError || !(error instanceof Error)) return error;
  const options = { cause: error };
  if (error instanceof NoRespondersError || error.cause instanceof NoRespondersError) {
    return new BusError("no_responders", `Nobody answers ${subject}`, options);
  }
  if (error instanceof TimeoutError) {
    return new BusError("timeout", `No answer on ${subject} in time`, options);
  }
  // Subjects and headers are checked before: what is left to refuse is the size.
  if (error instanceof InvalidArgumentError) {
    return new BusError("too_large", `A message on ${subject} is over the server's limit`, options);
  }
  return new BusError("unavailable", `NATS: ${error.message}`, options);
}

/** Of a header given twice the last value counts: a server adds its own behind a publisher's. */
function readHeaders({ headers }: Msg): BusHeaders {
  if (!headers) return NO_HEADERS;
  return Object.fromEntries(headers.keys().map((name) => [name, headers.last(name)]));
}
