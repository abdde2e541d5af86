/**
 * What the streams ask of JetStream, with its errors as ours.
 *
 * @module
 */
import {
  jetstream,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
  type StreamInfo,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import type { BusStatus } from "../bus/bus.ts";
import { ensureStream, isMakeshift, streamName, type StreamPlan } from "./jetstream_setup.ts";
import { readStored, type Stored, type StoredRange } from "./stored_reader.ts";
import { StreamError } from "./stream.ts";
import { toStreamError } from "./stream_errors.ts";
import type { StreamPosition } from "./stream_position.ts";

/**
 * A connection of the `@nats-io/nats-core` package.
 *
 * @internal
 */
type Connection = NatsConnection;

/** The connection to NATS, whoever keeps it. */
export interface NatsSource {
  /** Whether NATS is in reach. */
  readonly status: BusStatus;
  /** Calls `listener` at each change of `status`; returns how to stop it. */
  onStatus(listener: (status: BusStatus) => void): () => void;
  /** The connection, once it has been made for the first time. */
  connection(): Promise<Connection>;
}

interface Api {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
}

/** What became of a message that was to be stored. */
export interface Published {
  /** Its number in the stream, or that of the first one with the same id. */
  readonly count: number;
  readonly duplicate: boolean;
}

/** Within which JetStream has to answer, in milliseconds. */
const ANSWER_LIMIT_MS = 2_000;

/** How often a stream with fewer copies than there should be is given them, in milliseconds. */
const REPLICATE_INTERVAL_MS = 10_000;

/**
 * Whether the NATS server, or its cluster, has JetStream, and this login may use it.
 *
 * @throws {StreamError} `unavailable` when it does not say within 2 s
 */
export async function hasJetStream(connection: Connection): Promise<boolean> {
  try {
    await jetstreamManager(connection, { timeout: ANSWER_LIMIT_MS, checkAPI: true });
    return true;
  } catch (error) {
    if (toStreamError(error).reason === "disabled") return false;
    throw toStreamError(error);
  }
}

/** JetStream and the one stream in it. */
export class JetStreamLink {
  readonly #source: NatsSource;
  readonly #plan: StreamPlan;
  readonly #name: string;
  #api: Promise<Api> | undefined;
  /** When the stream is to be looked after again, by the monotonic clock, in milliseconds. */
  #ensureAtMs = 0;

  constructor(source: NatsSource, plan: StreamPlan) {
    this.#source = source;
    this.#plan = plan;
    this.#name = streamName(plan.subjects);
  }

  /**
   * Stores a message and waits until JetStream has said so.
   *
   * @param id what was stored under it within the window is not stored again
   * @throws {StreamError}
   */
  async publish(subject: string, text: string, id: string, limitMs: number): Promise<Published> {
    return await this.#call(async ({ client }) => {
      try {
        const { seq, duplicate } = await client.publish(subject, text, {
          msgID: id,
          timeout: limitMs,
          expect: { streamName: this.#name },
        });
        return { count: seq, duplicate };
      } catch (error) {
        // The client takes a missing stream, or one without a leader, for a missing JetStream.
        if (!(error instanceof Error) || error.name !== "JetStreamNotEnabled") throw error;
        throw new StreamError("unavailable", "No JetStream stream takes it", { cause: error });
      }
    });
  }

  /**
   * Where the stream stands, by its leader's word; creates the stream if it is not there.
   *
   * @throws {StreamError}
   */
  async position(): Promise<StreamPosition> {
    return await this.#call(async ({ connection, manager }) => {
      const isEnsured = performance.now() < this.#ensureAtMs;
      const info = isEnsured
        ? await manager.streams.info(this.#name)
        : await ensureStream(manager, this.#plan);
      if (!isEnsured) {
        this.#ensureAtMs = isMakeshift(info) ? performance.now() + REPLICATE_INTERVAL_MS : Infinity;
      }
      return toPosition(info, republishesInOrder(connection, info));
    });
  }

  /**
   * Number of the newest message that is kept on a subject, by the leader's word; 0 for none.
   *
   * @throws {StreamError}
   */
  async last(subject: string): Promise<number> {
    return await this.#call(async ({ manager }) => {
      const message = await manager.streams.getMessage(this.#name, {
        last_by_subj: subject,
      });
      return message?.seq ?? 0;
    });
  }

  /**
   * Reads stored messages in order, see {@linkcode readStored}.
   *
   * @throws {StreamError}
   */
  async read(range: StoredRange, take: (stored: Stored) => void): Promise<void> {
    await this.#call(({ connection, manager }) => {
      const last = (subject: string) => this.last(subject);
      const context = { connection, manager, stream: this.#name, last };
      return readStored(context, range, take);
    });
  }

  async #call<T>(work: (api: Api) => Promise<T>): Promise<T> {
    if (this.#source.status === "disconnected") {
      throw new StreamError("unavailable", "NATS is not connected");
    }
    try {
      return await work(await (this.#api ??= this.#connect()));
    } catch (error) {
      // Should the stream be gone, the next question after its position makes it anew.
      this.#ensureAtMs = 0;
      throw toStreamError(error);
    }
  }

  async #connect(): Promise<Api> {
    const connection = await this.#source.connection();
    const options = { timeout: ANSWER_LIMIT_MS, checkAPI: false };
    const manager = await jetstreamManager(connection, options);
    return { connection, manager, client: jetstream(connection, options) };
  }
}

/**
 * Servers before 2.10 store what their own clients publish in as many threads as there are clients and
 * send it on afterwards, unless replication puts it in order.
 */
function republishesInOrder(connection: NatsConnection, { config }: StreamInfo): boolean {
  const [major = 0, minor = 0] = connection.info?.version.split(".").map(Number) ?? [];
  return config.num_replicas > 1 || major > 2 || (major === 2 && minor >= 10);
}

function toPosition(info: StreamInfo, republishesInOrder: boolean): StreamPosition {
  const { created, state, cluster, config } = info;
  const empty = state.messages === 0;
  return {
    createdAtMs: Date.parse(created),
    first: empty ? state.last_seq + 1 : state.first_seq,
    firstAtMs: empty ? Infinity : Date.parse(state.first_ts),
    last: state.last_seq,
    lastAtMs: Date.parse(state.last_ts),
    bytes: state.bytes,
    maxBytes: unlessUnlimited(config.max_bytes),
    maxPerSubject: unlessUnlimited(config.max_msgs_per_subject),
    leader: cluster?.leader ?? "",
    republishesInOrder,
  };
}

function unlessUnlimited(limit: number): number {
  return limit > 0 ? limit : Infinity;
}
