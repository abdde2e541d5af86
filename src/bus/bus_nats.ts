/**
 * The bus over NATS: what joins the nodes and regions of one deployment.
 *
 * @module
 */

import type { NatsConnection, Subscription } from "@nats-io/nats-core";
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
import { assertPattern, assertSubject } from "./message_rules.ts";
import { NatsLink } from "./nats_link.ts";
import { NatsMessage, toBusError, writeHeaders } from "./nats_message.ts";
import { type NatsBusOptions, natsDialer } from "./nats_options.ts";
import { PendingCalls } from "./pending_calls.ts";
import { SendWindow } from "./send_window.ts";

export type { NatsBusOptions } from "./nats_options.ts";

/** What has gone through a bus since it was made. */
export interface NatsBusStats {
  /** Messages handed to subscribers, and replies. */
  readonly in: number;
  /** Messages sent. */
  readonly out: number;
  /** Messages not sent, because NATS was not connected or did not keep up. */
  readonly dropped: number;
  /** How often a lost connection was made again. */
  readonly reconnects: number;
}

/**
 * A connection of the `@nats-io/nats-core` package.
 *
 * @internal
 */
type Connection = NatsConnection;

/** A bus over NATS. */
export interface NatsBus extends Bus {
  /** The figures of this moment. */
  readonly stats: NatsBusStats;

  /**
   * The connection beneath, for JetStream and micro services, once it has been made for the first
   * time. It stays the same through reconnects, and ends with the bus.
   *
   * @throws {BusError} `unavailable` when the bus is closed before
   */
  connection(): Promise<Connection>;
}

/**
 * A bus that connects, and reconnects, for as long as it is not closed. It can be used at once: while
 * NATS is out of reach its status is `disconnected`, publishing drops, and subscriptions wait.
 *
 * It hears what it publishes itself (`noEcho` is not set): a node that no longer hears its own
 * heartbeat knows that its link is at fault, before it suspects others. A link that breaks without a
 * word is noticed within 3 s.
 *
 * @throws {TypeError} when the addresses or the credentials cannot be used
 */
export function connectNatsBus(options: NatsBusOptions): NatsBus {
  return new LinkedNatsBus(natsDialer(options));
}

/** How long after a refusal NATS is asked again for what it refused to send, in milliseconds. */
const REFUSED_RETRY_MS = 5000;

interface Interest {
  readonly pattern: string;
  readonly handler: BusHandler;
  readonly queue: string | undefined;
  /** There once NATS was reached for the first time. */
  subscription?: Subscription;
}

class LinkedNatsBus implements NatsBus {
  readonly #link: NatsLink;
  readonly #interests = new Set<Interest>();
  readonly #pending = new PendingCalls();
  readonly #window = new SendWindow(() => this.#nats().flush());
  readonly #count = { in: 0, out: 0, dropped: 0 };
  #closed: Promise<void> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(dial: () => Promise<NatsConnection>) {
    this.#link = new NatsLink(dial, (connection) => {
      for (const interest of this.#interests) this.#start(interest, connection);
    });
    this.#link.status.listen((status) => {
      this.#window.reset();
      if (status === "disconnected") this.#pending.failAll(unavailable());
      else this.#startRefused();
    });
  }

  get status(): BusStatus {
    return this.#link.status.status;
  }

  get stats(): NatsBusStats {
    return { ...this.#count, reconnects: this.#link.reconnects };
  }

  onStatus(listener: (status: BusStatus) => void): () => void {
    return this.#link.status.listen(listener);
  }

  connection(): Promise<NatsConnection> {
    return this.#link.connected();
  }

  publish(subject: string, data: string, headers?: BusHeaders): void {
    assertSubject(subject);
    this.#send(subject, data, headers);
  }

  subscribe(
    pattern: string,
    handler: BusHandler,
    { queue }: BusSubscribeOptions = {},
  ): BusSubscription {
    assertPattern(pattern);
    const interest: Interest = { pattern, handler, queue };
    if (this.#closed) return { unsubscribe() {} };
    this.#interests.add(interest);
    if (this.#link.connection) this.#start(interest, this.#link.connection);
    return {
      unsubscribe: () => {
        if (this.#interests.delete(interest)) interest.subscription?.unsubscribe();
      },
    };
  }

  async request(
    subject: string,
    data: string,
    { timeoutMs, headers, signal }: BusRequestOptions,
  ): Promise<BusMessage> {
    signal?.throwIfAborted();
    assertSubject(subject);
    const connection = this.#nats();
    if (!this.#window.admit(data.length)) throw unavailable();
    const options = {
      timeout: Math.max(1, timeoutMs),
      ...(headers && { headers: writeHeaders(headers) }),
    };
    this.#count.out++;
    try {
      const reply = await this.#pending.wait(connection.request(subject, data, options), {
        signal,
      });
      this.#count.in++;
      return new NatsMessage(reply, this.#answer);
    } catch (error) {
      throw signal?.aborted ? error : toBusError(error, subject);
    }
  }

  async flush(): Promise<void> {
    try {
      await this.#pending.wait(this.#nats().flush());
    } catch (error) {
      throw toBusError(error, "flush");
    }
  }

  close(): Promise<void> {
    return this.#closed ??= this.#link.close().finally(() => {
      this.#interests.clear();
      clearTimeout(this.#retry);
    });
  }

  #start(interest: Interest, connection: NatsConnection): void {
    const { pattern, handler, queue } = interest;
    interest.subscription = connection.subscribe(pattern, {
      ...(queue !== undefined && { queue }),
      // What the callback threw would end the client's reading: deliver() lets nothing through.
      callback: (error, message) => {
        if (error) return this.#retrySoon();
        this.#count.in++;
        deliver(handler, new NatsMessage(message, this.#answer));
      },
    });
  }

  /** The client ends a subscription for good that the server refuses, but permissions can be mended. */
  #retrySoon(): void {
    this.#retry ??= setTimeout(() => this.#startRefused(), REFUSED_RETRY_MS);
  }

  #startRefused(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const { connection } = this.#link;
    if (this.#closed || connection === undefined) return;
    for (const interest of this.#interests) {
      if (interest.subscription?.isClosed()) this.#start(interest, connection);
    }
  }

  readonly #answer = (subject: string, data: string, headers?: BusHeaders): void => {
    this.#send(subject, data, headers);
  };

  #send(subject: string, data: string, headers: BusHeaders | undefined): void {
    const options = headers && { headers: writeHeaders(headers) };
    const { connection } = this.#link;
    if (this.status === "disconnected" || !connection || !this.#window.admit(data.length)) {
      this.#count.dropped++;
      return;
    }
    try {
      connection.publish(subject, data, options);
      this.#count.out++;
    } catch (error) {
      this.#count.dropped++;
      const reason = toBusError(error, subject);
      if (reason instanceof BusError && reason.reason === "too_large") throw reason;
    }
  }

  /** @throws {BusError} `unavailable` */
  #nats(): NatsConnection {
    const { connection } = this.#link;
    if (this.status === "disconnected" || !connection) throw unavailable();
    return connection;
  }
}

function unavailable(): BusError {
  return new BusError("unavailable", "NATS is not connected");
}
