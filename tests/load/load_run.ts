import type { LoadOptions } from "./options.ts";
import { MemoryProbe } from "./memory_probe.ts";
import { type Plan, type PlannedClient, userIdOf } from "./plan.ts";
import type { ProcessorMeter } from "./processor_use.ts";
import { nowMs } from "./recorder.ts";
import { Tally } from "./tally.ts";
import type { FromThread, ToThread } from "./thread_messages.ts";
import { tokensFor } from "./tokens.ts";

/** In a soak one more comes and goes for so many who stay. */
const CLIENTS_PER_VISITOR = 20;

/** Between everyone being ready and the first message, in ms: subscriptions reach the other nodes. */
const LEAD_MS = 1000;

const SECOND_MS = 1000;

/**
 * How often gateways are asked for their metrics: an answer takes some milliseconds, in which players
 * wait. Monitoring asks no more often.
 */
const PROBE_INTERVAL_S = 10;

/** What was sent at the end may take so long to arrive, in ms. */
const DELIVERY_LIMIT_MS = 5000;
const DELIVERY_POLL_MS = 50;

/** Told of a run as it goes on. */
export interface RunListener {
  onAssembled(): void;
  /** A second is over. */
  onSecond(tally: Tally, atS: number): void;
}

/**
 * Runs a load test.
 *
 * @param meter looks at this machine meanwhile
 * @param stopping ends it before its time
 * @throws {Error} when clients cannot connect, or a thread fails
 */
export async function runLoad(
  options: LoadOptions,
  meter: ProcessorMeter,
  listener: RunListener,
  stopping: AbortSignal,
): Promise<Tally> {
  const tally = new Tally(options.scenario === "storm");
  const threads = (await planThreads(options)).map((plan) => new Thread(plan, tally));
  const probe = new MemoryProbe(options.urls, options.metricsToken);
  let timer: ReturnType<typeof setInterval> | undefined;
  let probeAtS = PROBE_INTERVAL_S;
  stopping.addEventListener("abort", () => threads.forEach((thread) => thread.stop()));
  try {
    await Promise.all(threads.map((thread) => thread.assemble()));
    await probe.ask();
    // What connecting took is no part of it.
    meter.read();
    listener.onAssembled();
    const startMs = nowMs() + LEAD_MS;
    timer = setInterval(() => {
      const atS = (nowMs() - startMs) / SECOND_MS;
      if (atS < 0) return;
      tally.mark(atS, { ...probe.latest, processors: meter.read() });
      listener.onSecond(tally, atS);
      if (atS < probeAtS) return;
      probeAtS += PROBE_INTERVAL_S;
      void probe.ask();
    }, SECOND_MS);
    // Threads send in turn, as one loader would, and not at once.
    const shiftMs = options.rate === 0 ? 0 : SECOND_MS / options.rate;
    await Promise.all(
      threads.map((thread, index) => thread.work(options, startMs + index * shiftMs)),
    );
    clearInterval(timer);
    await arrived(tally);
    await Promise.all(threads.map((thread) => thread.disband()));
    tally.isOver = true;
    return tally;
  } finally {
    clearInterval(timer);
    for (const thread of threads) thread.end();
  }
}

/** Waits until everyone has what was sent, or it is too late. */
async function arrived(tally: Tally): Promise<void> {
  const limitMs = nowMs() + DELIVERY_LIMIT_MS;
  while (tally.underWay > 0 && nowMs() < limitMs) {
    await new Promise((resolve) => setTimeout(resolve, DELIVERY_POLL_MS));
  }
}

/** Deals clients out to gateways in turn, and to threads in stretches, so that neighbours share one. */
async function planThreads(options: LoadOptions): Promise<Plan[]> {
  const { scenario, connections, workers, isBatching } = options;
  const run = crypto.randomUUID().slice(0, 8);
  const visitorCount = scenario === "soak" ? Math.ceil(connections / CLIENTS_PER_VISITOR) : 0;
  const urls = options.urls.map((url) => `${url.replace(/^http/, "ws")}/ws`);
  const indexes = Array.from({ length: connections + visitorCount }, (_, index) => index);
  const userIds = indexes.map((index) => userIdOf(run, index));
  const [first = ""] = options.urls;
  const tokens = await tokensFor(userIds, first, options.tokenSecret);
  const clients = indexes.map((index): PlannedClient => ({
    index,
    userId: userIds[index] ?? "",
    url: urls[index % urls.length] ?? "",
    token: tokens[index] ?? "",
  }));
  const staying = clients.slice(0, connections);
  const visitors = clients.slice(connections);
  return Array.from({ length: workers }, (_, worker) => ({
    scenario,
    run,
    connections,
    isBatching,
    clients: part(staying, worker, workers),
    visitors: part(visitors, worker, workers),
    visitorCount,
    urls,
  }));
}

function part<T>(items: readonly T[], index: number, parts: number): T[] {
  const at = (position: number): number => Math.round(items.length * position / parts);
  return items.slice(at(index), at(index + 1));
}

/** One worker, seen from outside. */
class Thread {
  readonly #plan: Plan;
  readonly #worker: Worker;
  #waiting: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(plan: Plan, tally: Tally) {
    this.#plan = plan;
    this.#worker = new Worker(new URL("thread.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<FromThread>) => {
      if (data.kind === "progress") tally.add(data.progress);
      else if (data.kind === "failed") this.#waiting.reject(new Error(data.message));
      else this.#waiting.resolve();
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#waiting.reject(new Error(event.message));
    };
  }

  assemble(): Promise<void> {
    return this.#tell({ kind: "assemble", plan: this.#plan });
  }

  /** Its share of the work, by its share of the clients. */
  work(options: LoadOptions, startMs: number): Promise<void> {
    const rate = options.rate * this.#plan.clients.length / options.connections;
    return this.#tell({
      kind: "start",
      start: {
        startMs,
        rate,
        durationMs: options.seconds * SECOND_MS,
        warmupMs: options.warmupSeconds * SECOND_MS,
      },
    });
  }

  stop(): void {
    this.#worker.postMessage({ kind: "stop" } satisfies ToThread);
  }

  disband(): Promise<void> {
    return this.#tell({ kind: "disband" });
  }

  end(): void {
    this.#worker.terminate();
  }

  /** Tells it to do something, and waits until that is done. */
  #tell(message: ToThread): Promise<void> {
    this.#waiting = Promise.withResolvers();
    this.#worker.postMessage(message);
    return this.#waiting.promise;
  }
}
