/**
 * The connection to NATS: made, watched, made again, ended.
 *
 * @module
 */

import { getLogger } from "@logtape/logtape";
import { NatsConnectionImpl } from "@nats-io/nats-core/internal";
import type { NatsConnection } from "@nats-io/nats-core";
import { BusError } from "./bus.ts";
import { retryDelayMs } from "./nats_options.ts";
import { StatusSource } from "./status_source.ts";

const log = getLogger(["waygate", "bus"]);

/** How long the end of a connection may take to be orderly, in milliseconds. */
const CLOSE_LIMIT_MS = 2000;

/** Different complaints that are logged between two connects; each refused subject has one of its own. */
const MAX_COMPLAINTS = 100;

/**
 * Keeps one connection for as long as the link lives. NATS's client mends a connection that was made
 * once; until then, and around the cases in which it would hang, this does.
 */
export class NatsLink {
  readonly status = new StatusSource("disconnected");
  /** How often a lost connection was made again. */
  reconnects = 0;
  readonly #dial: () => Promise<NatsConnection>;
  readonly #onFirst: (connection: NatsConnection) => void;
  readonly #first = Promise.withResolvers<NatsConnection>();
  readonly #ended = new AbortController();
  #connection: NatsConnection | undefined;
  readonly #complaints = new Set<string>();

  /** @param onFirst called with the connection before the status becomes `connected` for the first time */
  constructor(
    dial: () => Promise<NatsConnection>,
    onFirst: (connection: NatsConnection) => void,
  ) {
    this.#dial = dial;
    this.#onFirst = onFirst;
    this.#first.promise.catch(() => {});
    this.#establish();
  }

  /** The connection, once it has been made for the first time; it stays the same one. */
  get connection(): NatsConnection | undefined {
    return this.#connection;
  }

  /**
   * Waits for {@linkcode connection}.
   *
   * @throws {BusError} `unavailable` when the link ends before
   */
  connected(): Promise<NatsConnection> {
    return this.#first.promise;
  }

  /** Ends it for good, after what is under way if that takes no longer than 2 s. */
  async close(): Promise<void> {
    this.#ended.abort();
    const connection = this.#connection;
    if (connection) {
      const connected = this.status.status === "connected";
      if (connected && !await limited(connection.drain())) transportOf(connection)?.discard();
      await limited(connection.close());
    }
    this.status.set("disconnected");
    this.#first.reject(new BusError("unavailable", "The bus was closed before it was connected"));
  }

  async #establish(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      try {
        const connection = await this.#dial();
        if (this.#ended.signal.aborted) return await connection.close();
        return this.#adopt(connection);
      } catch (error) {
        this.#complain(error);
        await pause(retryDelayMs(), this.#ended.signal);
      }
    }
  }

  #adopt(connection: NatsConnection): void {
    this.#connection = connection;
    this.#watch(connection);
    this.#onFirst(connection);
    this.#up(connection);
    this.#first.resolve(connection);
  }

  async #watch(connection: NatsConnection): Promise<void> {
    let transport = transportOf(connection);
    for await (const event of connection.status()) {
      switch (event.type) {
        case "staleConnection":
          this.#down("it stopped answering");
          // Over a WebSocket the client first waits until its output is sent; a dead link takes none.
          transport?.discard();
          break;
        case "disconnect":
          this.#down("the connection broke");
          break;
        case "reconnect":
          transport = transportOf(connection);
          if (this.status.status === "connected") break;
          this.reconnects++;
          this.#up(connection);
          break;
        case "close":
          this.#down("the connection was closed");
          break;
        case "error":
          this.#complain(event.error);
          break;
      }
    }
  }

  #up(connection: NatsConnection): void {
    this.#complaints.clear();
    log.info("Connected to NATS at {server}", { server: connection.getServer() });
    this.status.set("connected");
  }

  #down(why: string): void {
    if (this.status.status === "disconnected") return;
    if (!this.#ended.signal.aborted) log.warn("Lost NATS: {why}", { why });
    this.status.set("disconnected");
  }

  /** Logs each reason once, not with every attempt. */
  #complain(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#complaints.has(reason) || this.#complaints.size >= MAX_COMPLAINTS) return;
    this.#complaints.add(reason);
    log.warn("NATS: {reason}", { reason });
  }
}

/** The client's own socket, which its public interface cannot give up at once. */
function transportOf(connection: NatsConnection): { discard(): void } | undefined {
  return connection instanceof NatsConnectionImpl ? connection.protocol.transport : undefined;
}

/** Whether `work` settled within the limit. */
async function limited(work: Promise<void>): Promise<boolean> {
  const late = new AbortController();
  const settled = work.then(() => true, () => true);
  const result = await Promise.race([
    settled,
    pause(CLOSE_LIMIT_MS, late.signal).then(() => false),
  ]);
  late.abort();
  return result;
}

/** Waits `ms` milliseconds, or until `cut`. */
function pause(ms: number, cut: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      cut.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    cut.addEventListener("abort", end);
  });
}
