/**
 * Reading stored entries in order: an ephemeral push consumer, which a server sends as fast as it is
 * taken, so that a few entries take two round trips and ten thousand well under a second.
 *
 * @module
 */
import { AckPolicy, type ConsumerConfig, DeliverPolicy } from "@nats-io/jetstream";
import type { JetStreamManager } from "@nats-io/jetstream";
import { createInbox, type Msg, nanos, type NatsConnection, nuid } from "@nats-io/nats-core";
import { StreamError } from "./stream.ts";

/** A message as the stream holds it. */
export interface Stored {
  /** Its number in the stream. */
  readonly count: number;
  readonly subject: string;
  readonly text: string;
  readonly storedAtMs: number;
}

/** Which messages to read. */
export interface StoredRange {
  /** A subject, or `>` for all of the stream. */
  readonly filter: string;
  /** Starts behind this number. */
  readonly after: number;
  /** Reads on until a message with this number or a later one was taken; it may move. */
  until(): number;
  /** Ends the reading at once. */
  readonly signal?: AbortSignal;
}

/** What a reader needs. */
export interface ReaderContext {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly stream: string;
  /** Number of the newest message there is on a subject, by the stream's leader; 0 for none. */
  last(filter: string): Promise<number>;
}

/** The server says at this interval that it is there and has nothing. */
const HEARTBEAT_MS = 250;
/** A server that says nothing for so long has lost the consumer. */
const SILENCE_MS = 8 * HEARTBEAT_MS;
/** When the server drops a consumer by itself, should its reader have died. */
const ABANDONED_MS = 5_000;

/**
 * Reads a range and hands each message to `take`, in order, each once.
 *
 * @throws {StreamError} `unavailable` when the server falls silent or something got lost on the way;
 *   what was taken until then is in order and complete
 */
export async function readStored(
  context: ReaderContext,
  range: StoredRange,
  take: (stored: Stored) => void,
): Promise<void> {
  const { connection, manager, stream } = context;
  const name = nuid.next();
  const reading = new Reading(context, range, take);
  const inbox = createInbox();
  const subscription = connection.subscribe(inbox, {
    callback: (error, message) => {
      // What a callback throws would end the client's reading for all.
      try {
        if (error) throw error;
        reading.receive(message);
      } catch (error) {
        reading.fail(error);
      }
    },
  });
  const abort = () => reading.fail(new StreamError("unavailable", "The reading was given up"));
  range.signal?.addEventListener("abort", abort);
  try {
    range.signal?.throwIfAborted();
    await Promise.race([
      reading.finished,
      manager.consumers.add(stream, consumerConfig(name, inbox, range)),
    ]);
    await reading.finished;
  } finally {
    range.signal?.removeEventListener("abort", abort);
    reading.end();
    subscription.unsubscribe();
    // Should this fail, the server does it by itself a little later.
    manager.consumers.delete(stream, name).catch(() => {});
  }
}

function consumerConfig(name: string, inbox: string, range: StoredRange): ConsumerConfig {
  return {
    name,
    deliver_subject: inbox,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: range.after + 1,
    ...(range.filter !== ">" && { filter_subject: range.filter }),
    ack_policy: AckPolicy.None,
    max_deliver: 1,
    num_replicas: 1,
    mem_storage: true,
    flow_control: true,
    idle_heartbeat: nanos(HEARTBEAT_MS),
    inactive_threshold: nanos(ABANDONED_MS),
  } as ConsumerConfig;
}

/** One consumer's messages as they come in. */
class Reading {
  readonly #context: ReaderContext;
  readonly #range: StoredRange;
  readonly #take: (stored: Stored) => void;
  readonly #outcome = Promise.withResolvers<void>();
  #taken: number;
  #delivered = 0;
  #asking = false;
  #heardAtMs = performance.now();
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(context: ReaderContext, range: StoredRange, take: (stored: Stored) => void) {
    this.#context = context;
    this.#range = range;
    this.#take = take;
    this.#taken = range.after;
    this.#outcome.promise.catch(() => {});
    this.#listen(SILENCE_MS);
  }

  get finished(): Promise<void> {
    return this.#outcome.promise;
  }

  receive(message: Msg): void {
    this.#heardAtMs = performance.now();
    if (message.headers?.code === 100) this.#receiveControl(message);
    else this.#receiveStored(message);
    if (this.#taken >= this.#range.until()) this.#outcome.resolve();
  }

  fail(error: unknown): void {
    this.#outcome.reject(error);
  }

  end(): void {
    clearTimeout(this.#silence);
  }

  #receiveStored(message: Msg): void {
    const { count, delivery, storedAtMs } = parseDelivery(message.reply ?? "");
    if (delivery !== this.#delivered + 1) {
      return this.fail(new StreamError("unavailable", "A stored entry got lost on its way"));
    }
    this.#delivered = delivery;
    this.#taken = count;
    this.#take({ count, subject: message.subject, text: message.string(), storedAtMs });
  }

  /** Flow control wants an answer, so that the server never sends more than is read; heartbeats none. */
  #receiveControl(message: Msg): void {
    const stalled = message.headers?.get("Nats-Consumer-Stalled");
    if (message.reply) message.respond();
    else if (stalled) this.#context.connection.publish(stalled);
    else this.#verify(Number(message.headers?.get("Nats-Last-Consumer") ?? 0));
  }

  /** The server has nothing more at present: either a message is no longer there, or not there yet. */
  async #verify(sent: number): Promise<void> {
    if (this.#asking) return;
    if (sent > this.#delivered) {
      return this.fail(new StreamError("unavailable", "A stored entry got lost on its way"));
    }
    if (this.#range.until() === Infinity) return;
    this.#asking = true;
    try {
      const last = await this.#context.last(this.#range.filter);
      if (last <= this.#taken) this.#outcome.resolve();
    } catch (error) {
      this.#outcome.reject(error);
    }
    this.#asking = false;
  }

  /** Looks again when silence could have lasted too long: a timer for each message would cost more than it. */
  #listen(restMs: number): void {
    this.#silence = setTimeout(() => {
      const leftMs = this.#heardAtMs + SILENCE_MS - performance.now();
      if (leftMs > 0) this.#listen(leftMs);
      else {
        this.fail(
          new StreamError("unavailable", "JetStream fell silent in the middle of a reading"),
        );
      }
    }, restMs);
  }
}

/**
 * What a reply subject says of its message:
 * `$JS.ACK.<stream>.<consumer>.<tries>.<count>.<delivery>.<time>.<pending>`; newer servers have the
 * domain and the account before the stream, and something random at the end.
 */
function parseDelivery(reply: string) {
  const parts = reply.split(".");
  const start = parts.length > 9 ? 7 : 5;
  const [count = 0, delivery = 0, nanoseconds = 0] = parts.slice(start, start + 3).map(Number);
  return { count, delivery, storedAtMs: Math.floor(nanoseconds / 1e6) };
}
