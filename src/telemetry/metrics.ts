/**
 * What is measured of a node, in the text format of Prometheus. The hot path adds to plain numbers;
 * they become metrics when somebody scrapes. No label holds an id of a user or session.
 *
 * @module
 */
import process from "node:process";
import type { Node } from "../node.ts";
import { VERSION } from "../version.ts";
import type { Counters, Durations } from "./counters.ts";
import { Exposition, type Labels } from "./exposition.ts";
import { RoundTrip } from "./round_trip.ts";
import type { MetricSources } from "./sources.ts";

/** Methods that nobody defined share a label: the wire must not be able to make new ones. */
const UNKNOWN_METHOD = "unknown";

/** What is looked at. */
export type MeasuredNode = Pick<
  Node,
  "config" | "bus" | "counters" | "hub" | "presence" | "backlog" | "eventLoop"
>;

/** The metrics of one node. */
export interface Metrics {
  readonly contentType: string;
  render(): Promise<string>;
}

/** Describes every metric; their values are read at each `render`. */
export function createMetrics(node: MeasuredNode, sources: MetricSources): Metrics {
  const exposition = new Exposition();
  describeConnections(exposition, node);
  describeRequests(exposition, node.counters);
  describePresence(exposition, node);
  describeRedis(exposition, sources);
  describeNats(exposition, node, sources);
  describeProcess(exposition, node);
  return exposition;
}

function describeConnections(to: Exposition, { counters, hub, backlog }: MeasuredNode): void {
  to.gauge("connections", "Open connections", () => hub.size);
  to.total("connects", "Connections opened", () => counters.connectionsOpened);
  to.totals(
    "disconnects",
    "code",
    "Connections ended, by close code (0: any other)",
    () => counters.connectionsClosed.entries(),
  );
  to.totals(
    "upgrades_refused",
    "reason",
    "Upgrades refused, by reason",
    () => counters.upgradesRefused.entries(),
  );
  to.total("messages_received", "Frames received", () => counters.messagesReceived);
  to.total("messages_sent", "Messages sent", () => counters.messagesSent);
  to.total(
    "received_bytes",
    "Text received, in UTF-16 units (bytes, for ASCII)",
    () => counters.receivedLength,
  );
  to.total(
    "sent_bytes",
    "Text sent, in UTF-16 units (bytes, for ASCII)",
    () => counters.sentLength,
  );
  to.gauge("backlogged_connections", "Readers that are behind", () => backlog.size);
  to.gauge(
    "send_queue_bytes",
    "Bytes that readers which are behind have not read",
    () => backlog.unreadBytes,
  );
  to.total("slow_readers", "Connections closed with 4408", () => counters.slowReaders);
}

function describeRequests(to: Exposition, counters: Counters): void {
  to.totals(
    "requests",
    "method",
    "Requests and notifications handled, by method",
    () => calls(counters),
  );
  to.histogram(
    "request_duration",
    "Time from a request to its answer, of one call in eight",
    () => durations(counters),
  );
  to.totals(
    "errors",
    "code",
    "Errors answered, by code (0: any other)",
    () => counters.errors.entries(),
  );
  to.total("rate_limited", "Messages refused by the rate limit", () => counters.rateLimited);
}

function describePresence(
  to: Exposition,
  { config, counters, presence }: MeasuredNode,
): void {
  to.gauge("presence_sessions", "Sessions of this node", () => presence.tracker.size);
  to.gauge(
    "presence_online",
    "Users whom clients of this node see online, wherever those are connected",
    () => count(presence.feed.shownOnline),
  );
  to.gauge(
    "presence_unwritten",
    "Sessions whose newest state is not in the store yet",
    () => presence.tracker.writer.queued,
  );
  to.total("presence_joins", "Sessions begun", () => counters.presenceJoins);
  to.total("presence_leaves", "Sessions ended", () => counters.presenceLeaves);
  to.total("presence_flushes", "Flushes of gathered changes", () => counters.presenceFlushes);
  to.total("presence_flush_seconds", "Time spent flushing", () => counters.presenceFlushMs / 1000);
  to.total(
    "presence_conflated",
    "Changes overtaken by newer ones",
    () => counters.presenceConflated,
  );
  to.total(
    "presence_delivered",
    "Presence messages sent: the flushes times their audiences",
    () => counters.presenceDelivered,
  );
  to.gauge(
    "nodes",
    "Living nodes of all regions, this one included",
    () => presence.membership.peers.length + 1,
  );
  to.gauge(
    "lease_age_seconds",
    "Time since the store confirmed this node's lease",
    () => presence.lease.ageMs / 1000,
  );
  to.gauge("lease_ttl_seconds", "How old it may get", () => config.nodeLeaseMs / 1000);
  to.gauge("store_up", "1 while changes get through to the store", () => +presence.isStoreHealthy);
}

function describeRedis(to: Exposition, { redis }: MetricSources): void {
  if (redis === undefined) return;
  to.total("redis_requests", "HTTP requests to Redis", () => redis.stats.requests);
  to.total("redis_commands", "Commands in them: what is billed", () => redis.stats.commands);
  to.total(
    "redis_errors",
    "Requests that failed or were not answered in time",
    () => redis.stats.errors,
  );
  to.total(
    "redis_request_seconds",
    "Time spent waiting for answers; by requests, it is the mean latency",
    () => redis.stats.durationMs / 1000,
  );
}

function describeNats(to: Exposition, { bus, counters }: MeasuredNode, sources: MetricSources) {
  to.total("bus_malformed", "Messages from the bus that were dropped", () => counters.busMalformed);
  const { nats } = sources;
  if (nats === undefined) return;
  const roundTrip = new RoundTrip(() => bus.flush());
  to.gauge("nats_up", "1 while connected", () => bus.status === "connected" ? 1 : 0);
  to.total("nats_messages_in", "Messages and replies from NATS", () => nats.stats.in);
  to.total("nats_messages_out", "Messages and requests to NATS", () => nats.stats.out);
  to.total("nats_dropped", "Messages that could not be sent", () => nats.stats.dropped);
  to.total("nats_reconnects", "Connections made again", () => nats.stats.reconnects);
  to.gauge(
    "nats_round_trip_seconds",
    "To the NATS server and back, measured at the scrape before; absent while unknown",
    () => {
      const roundTripMs = roundTrip.read();
      return roundTripMs === undefined ? undefined : roundTripMs / 1000;
    },
  );
}

function describeProcess(to: Exposition, { config, eventLoop }: MeasuredNode): void {
  const startedAtMs = performance.now();
  to.info("build", "Versions, and who this node is", {
    version: VERSION,
    deno: Deno.version.deno,
    engine: config.websocketEngine,
    region: config.region,
    node: config.nodeId,
  });
  to.gauge("uptime_seconds", "Time since the start", () => (performance.now() - startedAtMs) / 1e3);
  to.gauge("max_connections", "How many are let in", () => config.maxConnections);
  to.histogram("event_loop_lag", "How late timers are", () => [[{}, eventLoop.lag]]);
  to.total("cpu_seconds", "Processor time used", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  to.gauge("memory_rss_bytes", "Resident memory of the process", () => Deno.memoryUsage().rss);
  to.gauge("memory_heap_bytes", "JavaScript heap in use", () => Deno.memoryUsage().heapUsed);
}

function* calls(counters: Counters): Generator<[string, number]> {
  for (const [name, { calls }] of counters.methods) yield [name, calls];
  yield [UNKNOWN_METHOD, counters.unknownMethod.calls];
}

function* durations(counters: Counters): Generator<[Labels, Durations]> {
  for (const [method, { durations }] of counters.methods) yield [{ method }, durations];
  yield [{ method: UNKNOWN_METHOD }, counters.unknownMethod.durations];
}

function count(items: Iterable<unknown>): number {
  let total = 0;
  for (const _ of items) total++;
  return total;
}
