/**
 * The bus of one process: what development runs on, and what joins several nodes in a unit test.
 *
 * @module
 */

import {
  type Bus,
  BusError,
  type BusHandler,
  type BusHeaders,
  type BusMessage,
  type BusRequestOptions,
  type BusStatus,
  type BusSubscribeOptions,
  type BusSubscription,
} from "./bus.ts";
import { deliver } from "./deliver.ts";
import { type Interest, MessageExchange, type Reply, type Sent } from "./message_exchange.ts";
import { assertPattern, assertSubject, checkHeaders } from "./message_rules.ts";
import { PendingCalls } from "./pending_calls.ts";
import { StatusSource } from "./status_source.ts";

/** A bus on an exchange, whose link can be cut. */
export interface MemoryBus extends Bus {
  /** Cuts it off: it drops what it publishes and hears nothing, as if its network were gone. */
  disconnect(): void;
  /** Joins it again; its subscriptions are in force as before. */
  reconnect(): void;
}

/** Where the buses of one process meet. */
export interface MemoryExchange {
  /** One more bus; it reaches, and is reached by, every other one of this exchange. */
  connect(): MemoryBus;
}

/** A bus that reaches nobody but itself. */
export function createMemoryBus(): Bus {
  return new OwnBus(new MessageExchange());
}

/**
 * An exchange with no bus on it yet. Messages are delivered in a microtask after the publisher's turn,
 * never within `publish`, and in the order of publication over all of the exchange's buses.
 *
 * @example
 * ```ts
 * import { createMemoryExchange } from "./bus_memory.ts";
 *
 * const exchange = createMemoryExchange();
 * const [eu, us] = [exchange.connect(), exchange.connect()];
 * us.subscribe("greeting.*", ({ data }) => console.log(data));
 * eu.publish("greeting.evening", "hello");
 * us.disconnect(); // from now on it misses everything
 * ```
 */
export function createMemoryExchange(): MemoryExchange {
  const exchange = new MessageExchange();
  return { connect: () => new LinkedBus(exchange) };
}

/** What nats-server carries unless told otherwise, so that development meets the limit too. */
const MAX_PAYLOAD_BYTES = 1_048_576;
const NO_HEADERS: BusHeaders = Object.freeze({});

class MemoryMessage implements BusMessage {
  readonly subject: string;
  readonly data: string;
  readonly headers: BusHeaders;
  readonly #reply: Reply | undefined;

  constructor({ subject, data, headers }: Sent, reply?: Reply) {
    this.subject = subject;
    this.data = data;
    this.headers = headers;
    this.#reply = reply;
  }

  respond(data: string, headers?: BusHeaders): void {
    if (!this.#reply) return;
    assertCarried(data);
    this.#reply(data, headers ? checkHeaders(headers) : NO_HEADERS);
  }
}

class LinkedBus implements MemoryBus {
  readonly #exchange: MessageExchange;
  readonly #status = new StatusSource("connected");
  readonly #pending = new PendingCalls();
  readonly #subscriptions = new Set<{ readonly pattern: string; readonly interest: Interest }>();
  #closed: Promise<void> | undefined;

  constructor(exchange: MessageExchange) {
    this.#exchange = exchange;
  }

  get status(): BusStatus {
    return this.#status.status;
  }

  onStatus(listener: (status: BusStatus) => void): () => void {
    return this.#status.listen(listener);
  }

  publish(subject: string, data: string, headers?: BusHeaders): void {
    this.#send(subject, data, headers);
  }

  isHeard(subject: string): boolean {
    return this.#linked && this.#exchange.interests.match(subject).length > 0;
  }

  subscribe(
    pattern: string,
    handler: BusHandler,
    { queue }: BusSubscribeOptions = {},
  ): BusSubscription {
    assertPattern(pattern);
    const interest: Interest = {
      queue,
      take: (sent) => {
        if (!this.#linked || !this.#subscriptions.has(subscription)) return;
        deliver(handler, new MemoryMessage(sent, sent.reply && this.#whileLinked(sent.reply)));
      },
    };
    const subscription = { pattern, interest };
    if (this.#closed) return { unsubscribe() {} };
    this.#subscriptions.add(subscription);
    if (this.#linked) this.#exchange.interests.add(pattern, interest);
    return {
      unsubscribe: () => {
        this.#subscriptions.delete(subscription);
        this.#exchange.interests.delete(pattern, interest);
      },
    };
  }

  async request(
    subject: string,
    data: string,
    { timeoutMs, headers, signal }: BusRequestOptions,
  ): Promise<BusMessage> {
    signal?.throwIfAborted();
    this.#assertLinked();
    const { promise, resolve } = Promise.withResolvers<BusMessage>();
    const reply: Reply = (data, headers) =>
      this.#exchange.later(() => resolve(new MemoryMessage({ subject, data, headers })));
    if (this.#send(subject, data, headers, reply) === 0) {
      throw new BusError("no_responders", `Nobody answers ${subject}`);
    }
    const error = () => new BusError("timeout", `No answer on ${subject} within ${timeoutMs} ms`);
    return await this.#pending.wait(promise, { signal, timeout: { ms: timeoutMs, error } });
  }

  async flush(): Promise<void> {
    this.#assertLinked();
    await this.#pending.wait(new Promise<void>((resolve) => this.#exchange.later(resolve)));
  }

  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  disconnect(): void {
    if (!this.#linked) return;
    for (const { pattern, interest } of this.#subscriptions) {
      this.#exchange.interests.delete(pattern, interest);
    }
    this.#status.set("disconnected");
    this.#pending.failAll(new BusError("unavailable", "The bus was disconnected"));
  }

  reconnect(): void {
    if (this.#linked || this.#closed) return;
    for (const { pattern, interest } of this.#subscriptions) {
      this.#exchange.interests.add(pattern, interest);
    }
    this.#status.set("connected");
  }

  get #linked(): boolean {
    return this.#status.status === "connected";
  }

  #assertLinked(): void {
    if (!this.#linked) throw new BusError("unavailable", "The bus is disconnected");
  }

  #send(subject: string, data: string, headers?: BusHeaders, reply?: Reply): number {
    assertSubject(subject);
    assertCarried(data);
    const carried = headers ? checkHeaders(headers) : NO_HEADERS;
    if (!this.#linked) return 0;
    return this.#exchange.send({ subject, data, headers: carried, reply });
  }

  /** An answer does not leave a bus that has been cut off since. */
  #whileLinked(reply: Reply): Reply {
    return (data, headers) => {
      if (this.#linked) reply(data, headers);
    };
  }

  async #close(): Promise<void> {
    if (this.#linked) await new Promise<void>((resolve) => this.#exchange.later(resolve));
    this.disconnect();
    this.#subscriptions.clear();
  }
}

/** A bus that is alone on its exchange, and that nobody can cut off. */
class OwnBus extends LinkedBus {
  readonly isReliable = true;
}

/** @throws {BusError} `too_large` */
function assertCarried(data: string): void {
  // A UTF-16 unit takes three bytes of UTF-8 at most, so that only long texts need counting.
  if (data.length * 3 <= MAX_PAYLOAD_BYTES) return;
  const bytes = new TextEncoder().encode(data).length;
  if (bytes <= MAX_PAYLOAD_BYTES) return;
  throw new BusError("too_large", `A message of ${bytes} bytes is over the bus's limit: send less`);
}
