import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Node } from "../node.ts";
import { type Counters, DURATION_BUCKETS_S, type MethodCounter } from "./counters.ts";

/** Methods that nobody defined share a label: the wire must not be able to make new ones. */
const UNKNOWN_METHOD = "unknown";

type Source = Pick<Node, "counters" | "hub" | "presence" | "backlog">;

/** What is measured of a node, in the text format of Prometheus; read from plain counters on demand. */
export function createMetrics(
  node: Source,
): { readonly contentType: string; render(): Promise<string> } {
  const registry = new Registry();
  const { counters } = node;

  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `waygate_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  const total = (name: string, help: string, read: () => number) =>
    new Counter({
      name: `waygate_${name}_total`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  const labelled = (
    name: string,
    label: string,
    help: string,
    read: () => Iterable<[string | number, number]>,
  ) =>
    new Counter({
      name: `waygate_${name}_total`,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset();
        for (const [value, count] of read()) this.inc({ [label]: String(value) }, count);
      },
    });

  gauge("connections", "Open connections", () => node.hub.size);
  total("connects", "Connections opened", () => counters.connectionsOpened);
  labelled(
    "disconnects",
    "code",
    "Connections ended, by close code (0: any other)",
    () => counters.connectionsClosed.entries(),
  );
  labelled(
    "upgrades_refused",
    "reason",
    "Upgrades refused, by reason",
    () => counters.upgradesRefused.entries(),
  );
  total("messages_received", "Frames received", () => counters.messagesReceived);
  total("messages_sent", "Messages sent", () => counters.messagesSent);
  total("received_bytes", "Text received, in UTF-16 units", () => counters.receivedLength);
  total("sent_bytes", "Text sent, in UTF-16 units", () => counters.sentLength);
  total("rate_limited", "Messages refused by the rate limit", () => counters.rateLimited);
  total("slow_readers", "Connections closed because they did not read", () => counters.slowReaders);
  labelled("errors", "code", "Errors answered, by code", () => counters.errors.entries());
  labelled(
    "requests",
    "method",
    "Requests and notifications handled, by method",
    () => calls(counters),
  );
  gauge("backlogged_connections", "Readers that are behind", () => node.backlog.size);
  gauge(
    "send_queue_bytes",
    "Bytes that readers which are behind have not read",
    () => node.backlog.unreadBytes,
  );
  gauge("presence_sessions", "Sessions of this node", () => node.presence.tracker.size);
  gauge(
    "presence_unwritten",
    "Sessions whose newest state is not in the store yet",
    () => node.presence.tracker.writer.queued,
  );
  total("presence_joins", "Sessions begun", () => counters.presenceJoins);
  total("presence_leaves", "Sessions ended", () => counters.presenceLeaves);
  total("presence_flushes", "Flushes of gathered changes", () => counters.presenceFlushes);
  total("presence_flush_seconds", "Time spent flushing", () => counters.presenceFlushMs / 1000);
  total("presence_conflated", "Changes overtaken by newer ones", () => counters.presenceConflated);
  total("presence_delivered", "Presence messages sent", () => counters.presenceDelivered);
  total("bus_malformed", "Messages from the bus that were dropped", () => counters.busMalformed);
  gauge(
    "nodes",
    "Living nodes, this one included",
    () => node.presence.membership.peers.length + 1,
  );
  gauge(
    "lease_age_seconds",
    "Time since the lease was confirmed",
    () => node.presence.lease.ageMs / 1000,
  );
  gauge("memory_rss_bytes", "Resident memory of the process", () => Deno.memoryUsage().rss);
  gauge("memory_heap_bytes", "JavaScript heap in use", () => Deno.memoryUsage().heapUsed);
  new DurationHistogram(counters, registry);

  return { contentType: registry.contentType, render: () => registry.metrics() };
}

function* calls(counters: Counters): Generator<[string, number]> {
  for (const [name, { calls }] of counters.methods) yield [name, calls];
  yield [UNKNOWN_METHOD, counters.unknownMethod.calls];
}

/** The sampled durations, which the hot path keeps in plain arrays, as a Prometheus histogram. */
class DurationHistogram extends Histogram<"method"> {
  readonly #counters: Counters;

  constructor(counters: Counters, registry: Registry) {
    super({
      name: "waygate_request_duration_seconds",
      help: "Time from a request to its answer, of one call in eight",
      labelNames: ["method"],
      buckets: [...DURATION_BUCKETS_S],
      registers: [registry],
    });
    this.#counters = counters;
  }

  override get() {
    return this.getForPromString();
  }

  /** The registry asks a histogram this, and not `get`, when it renders text. */
  getForPromString() {
    const values = [...this.#counters.methods].flatMap(([method, counter]) =>
      series(method, counter)
    );
    return Promise.resolve({
      name: "waygate_request_duration_seconds",
      help: "Time from a request to its answer, of one call in eight",
      type: "histogram" as const,
      values: [...values, ...series(UNKNOWN_METHOD, this.#counters.unknownMethod)],
      aggregator: "sum" as const,
    }) as unknown as ReturnType<Histogram<"method">["get"]>;
  }
}

function series(method: string, counter: MethodCounter) {
  if (counter.timed === 0) return [];
  const name = "waygate_request_duration_seconds";
  let below = 0;
  const buckets = counter.buckets.map((count, index) => {
    below += count;
    const bound = DURATION_BUCKETS_S[index];
    return {
      labels: { method, le: bound === undefined ? "+Inf" : String(bound) },
      value: below,
      metricName: `${name}_bucket`,
    };
  });
  return [
    ...buckets,
    { labels: { method }, value: counter.durationSumS, metricName: `${name}_sum` },
    { labels: { method }, value: counter.timed, metricName: `${name}_count` },
  ];
}
