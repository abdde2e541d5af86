/**
 * A connection on a linked socket, with everything around it that it needs and nothing else.
 *
 * @module
 */
import type { Identity } from "../../src/gateway/auth.ts";
import { Backlog } from "../../src/gateway/backlog.ts";
import { Connection, type ConnectionHost } from "../../src/gateway/connection.ts";
import { Gatherer } from "../../src/gateway/gatherer.ts";
import type { MethodTable } from "../../src/gateway/method.ts";
import { Router } from "../../src/gateway/router.ts";
import type { SocketEnd } from "../../src/gateway/socket.ts";
import { Counters } from "../../src/telemetry/counters.ts";
import { TimerWheel } from "../../src/timer_wheel.ts";
import { type LinkedClient, LinkedSocket } from "../support/linked_sockets.ts";

/** What {@linkcode openLinked} may be told. */
export interface LinkedOptions {
  readonly methods?: MethodTable;
  readonly isBatching?: boolean;
  readonly identity?: Partial<Identity>;
  readonly host?: Partial<
    Pick<
      ConnectionHost,
      | "backlog"
      | "maxMessageBytes"
      | "sendQueueBytes"
      | "rateLimitMessages"
      | "rateLimitBurst"
      | "onFirstMessage"
      | "onCaughtUp"
    >
  >;
  /** Most calls in one batch. */
  readonly maxBatch?: number;
  /**
   * Whether it handles messages from the beginning.
   *
   * @default {true}
   */
  readonly isOpen?: boolean;
}

/** A connection and what it is linked with. Dispose of it (`using`). */
export interface LinkedConnection extends Disposable {
  readonly connection: Connection;
  readonly socket: LinkedSocket;
  readonly client: LinkedClient;
  readonly counters: Counters;
  readonly backlog: Backlog;
  /** How it ended; one entry, whatever happens. */
  readonly ends: readonly SocketEnd[];
}

/** Opens a connection of the user `ann`. */
export function openLinked(options: LinkedOptions = {}): LinkedConnection {
  const socket = new LinkedSocket();
  const counters = new Counters();
  const backlog = options.host?.backlog as Backlog | undefined ?? new Backlog();
  const wheel = new TimerWheel((error) => {
    throw error;
  }, 5);
  const ends: SocketEnd[] = [];
  const host: ConnectionHost = {
    router: new Router({
      methods: options.methods ?? {},
      maxBatch: options.maxBatch ?? 50,
      counters,
      report() {},
    }),
    counters,
    wheel,
    backlog,
    gatherer: new Gatherer(),
    closing: new Set(),
    maxMessageBytes: 65_536,
    sendQueueBytes: 1_048_576,
    rateLimitMessages: 0,
    rateLimitBurst: 1,
    onEnd: (_, end) => ends.push(end),
    onFirstMessage() {},
    onCaughtUp() {},
    ...options.host,
  };
  const identity: Identity = {
    userId: "ann",
    name: undefined,
    scopes: new Set(),
    expiresAtMs: Date.now() + 3_600_000,
    ...options.identity,
  };
  const isBatching = options.isBatching ?? false;
  const connection = new Connection("ws_1", identity, socket, isBatching, host);
  socket.listener = connection;
  if (options.isOpen ?? true) connection.open();
  return {
    connection,
    socket,
    client: socket.client,
    counters,
    backlog,
    ends,
    [Symbol.dispose]() {
      socket.client.drop();
      backlog.stop();
      wheel.stop();
    },
  };
}
