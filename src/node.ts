import { inspect } from "node:util";
import type { Bus } from "./bus/bus.ts";
import { createSubjects } from "./bus/subjects.ts";
import type { Config } from "./config.ts";
import type { EventStream } from "./events/stream.ts";
import { createTokenVerifier } from "./gateway/auth.ts";
import { Backlog } from "./gateway/backlog.ts";
import type { ConnectionHost } from "./gateway/connection.ts";
import { Delivery } from "./gateway/delivery.ts";
import { Farewell } from "./gateway/farewell.ts";
import { Gatherer } from "./gateway/gatherer.ts";
import { Heartbeat } from "./gateway/heartbeat.ts";
import { Hub } from "./gateway/hub.ts";
import type { MethodTable } from "./gateway/method.ts";
import { NodeControl } from "./gateway/node_control.ts";
import { describeMethods } from "./gateway/openrpc.ts";
import { Reception } from "./gateway/reception.ts";
import { Router } from "./gateway/router.ts";
import type { WebSocketEngine } from "./gateway/socket.ts";
import { createUpgrade } from "./gateway/upgrade.ts";
import { createActions } from "./methods/actions.ts";
import { playerMethods } from "./methods/player_methods.ts";
import { presenceMethods } from "./methods/presence_methods.ts";
import { sessionMethods } from "./methods/session_methods.ts";
import { systemMethods } from "./methods/system_methods.ts";
import { NodePresence } from "./presence/presence.ts";
import type { PresenceStore } from "./presence/store.ts";
import type { JsonObject } from "./protocol/json.ts";
import { createForwarder } from "./service/forward.ts";
import type { MicroService } from "./service/micro.ts";
import { serveNode } from "./service/node_service.ts";
import type { Counters } from "./telemetry/counters.ts";
import { EventLoop } from "./telemetry/event_loop.ts";
import { log } from "./telemetry/log.ts";
import { presenceLog } from "./telemetry/presence_log.ts";
import { traceLookup, traceMethods, traceRefusals } from "./telemetry/trace.ts";
import { TimerWheel } from "./timer_wheel.ts";
import { VERSION } from "./version.ts";

/** What a node is made of. */
export interface NodeParts {
  readonly config: Config;
  readonly counters: Counters;
  readonly store: PresenceStore;
  readonly bus: Bus;
  readonly stream: EventStream;
  readonly engine: WebSocketEngine;
  /** Methods besides the contract's own. */
  readonly methods: MethodTable;
}

/** Why a node wants no new clients, for each part that fails. */
export type Unreadiness = Partial<Record<"draining" | "redis" | "nats", string>>;

/**
 * One process of the gateway: its connections, its presence, its end.
 *
 * @internal
 */
export interface Node {
  readonly config: Config;
  readonly bus: Bus;
  readonly counters: Counters;
  readonly hub: Hub;
  readonly presence: NodePresence;
  readonly backlog: Backlog;
  readonly eventLoop: EventLoop;
  /** The OpenRPC document of its methods. */
  readonly description: JsonObject;
  /** Answers `GET /ws`. */
  readonly upgrade: (request: Request) => Promise<Response> | Response;
  unreadiness(): Unreadiness;
  /** Opens the lease, meets the peers, begins to serve. */
  start(): Promise<void>;
  /** Sees all clients off, within `DRAIN_MS`, and says goodbye to the other nodes. */
  drain(): Promise<void>;
}

/** Puts a node together. Nothing happens before {@linkcode Node.start}. */
export async function createNode(parts: NodeParts): Promise<Node> {
  const { config, counters, store, bus, stream, engine } = parts;
  const subjects = createSubjects(config.natsPrefix);
  const wheel = new TimerWheel((error) => log.error("Timer failed", { error: String(error) }));
  const backlog = new Backlog();
  const eventLoop = new EventLoop();
  const hub = new Hub();
  const delivery = new Delivery(stream, hub, wheel);
  const verify = await createTokenVerifier(config);
  const presence = new NodePresence({
    store,
    bus,
    subjects,
    counters,
    wheel,
    nodeId: config.nodeId,
    region: config.region,
    leaseMs: config.nodeLeaseMs,
    graceMs: config.presenceGraceMs,
    flushMs: config.presenceFlushMs,
    connections: () => hub.size,
    log: presenceLog,
  });
  const control = new NodeControl({
    bus,
    subjects,
    nodeId: config.nodeId,
    hub,
    peers: () => presence.membership.peers.map((beat) => beat.node_id),
    sessionsOf: (userId) => store.sessionsOf(userId),
  });
  const reception = new Reception({
    config,
    hub,
    presence,
    delivery,
    counters,
    closeElsewhere: (sessionId, instance) => control.limitSessions(instance, sessionId),
  });
  const actions = createActions({
    presence,
    delivery,
    stream,
    verify,
    control,
    describe: () => description,
  });
  const methods: MethodTable = {
    ...systemMethods(actions),
    ...sessionMethods(actions),
    ...playerMethods(actions),
    ...presenceMethods(actions),
    ...parts.methods,
  };
  const description = describeMethods(methods, VERSION);
  const host: ConnectionHost = {
    router: new Router({
      methods: traceMethods(methods),
      maxBatch: config.maxBatch,
      counters,
      report,
      onRefused: traceRefusals(methods),
      forward: traceLookup(createForwarder({
        bus,
        subjects,
        services: config.rpcServices,
        timeoutMs: config.rpcTimeoutMs,
      })),
    }),
    counters,
    wheel,
    backlog,
    gatherer: new Gatherer(),
    closing: new Set(),
    maxMessageBytes: config.maxMessageBytes,
    sendQueueBytes: config.sendQueueBytes,
    rateLimitMessages: config.rateLimitMessages,
    rateLimitBurst: config.rateLimitBurst,
    onEnd: (connection, end) => {
      log.debug("Connection closed", { session: connection.sessionId, code: end.code });
      reception.dismiss(connection, end);
    },
    onFirstMessage: (connection, text) => {
      if (!text.includes("session.resume")) delivery.release(connection);
    },
    onCaughtUp: (connection) => {
      delivery.flow(connection);
      presence.feed.catchUp(connection);
    },
  };
  const heartbeat = new Heartbeat(() => hub.all(), config.heartbeatIntervalMs);
  const farewell = new Farewell({ hub, presence, bus, wheel, drainMs: config.drainMs, host });
  let service: MicroService | undefined;

  const upgrade = createUpgrade({
    config,
    engine,
    verify,
    counters,
    closedBecause: (opening) => {
      if (farewell.isBegun) return "draining";
      return hub.size + opening >= config.maxConnections ? "full" : undefined;
    },
    onOpen: (socket, identity, isBatching) => {
      const connection = reception.admit(socket, identity, isBatching, host);
      log.debug("Connection opened", { session: connection.sessionId });
      if (farewell.isBegun) farewell.seeOff(connection);
      return connection;
    },
  });

  function unreadiness(): Unreadiness {
    return {
      ...(farewell.isBegun ? { draining: "The node is shutting down" } : {}),
      ...(presence.isStoreHealthy ? {} : { redis: "The presence store does not answer" }),
      ...(bus.status === "connected" ? {} : { nats: "Not connected" }),
    };
  }

  async function start(): Promise<void> {
    control.start();
    service = serveNode({ config, bus, subjects, actions, presence, hub, counters, report });
    heartbeat.start();
    eventLoop.start();
    await presence.start();
  }

  async function drain(): Promise<void> {
    service?.stop();
    await farewell.drain();
    heartbeat.stop();
    eventLoop.stop();
    control.stop();
    backlog.stop();
    delivery.stop();
    presence.stop();
    wheel.stop();
  }

  return {
    config,
    bus,
    counters,
    hub,
    presence,
    backlog,
    eventLoop,
    description,
    upgrade,
    unreadiness,
    start,
    drain,
  };
}

function report(requestId: string, error: unknown): void {
  log.error("Request failed", { request_id: requestId, error: describeError(error) });
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : inspect(error);
}
