import type { ServerProcess } from "../support/servers/server_process.ts";
import { until } from "../support/wait.ts";
import { processorMs } from "./processor_use.ts";

/** What {@linkcode CostMeter} looks at. */
export interface CostSources {
  /** By the name in the table. */
  readonly processes: Readonly<Record<string, ServerProcess>>;
  /** The gateway, `http://…`. */
  readonly gatewayUrl: string;
  /** Where the NATS server is monitored, `http://…`. */
  readonly natsMonitorUrl: string;
}

/** Counts since the start, by name; processor time in µs. */
export type Costs = ReadonlyMap<string, number>;

const GATEWAY_COUNTS: Readonly<Record<string, string>> = {
  "Redis commands": "waygate_redis_commands_total",
  "HTTP requests to Redis": "waygate_redis_requests_total",
  "messages to clients": "waygate_messages_sent_total",
  "bytes to clients": "waygate_sent_bytes_total",
};

const NATS_COUNTS: Readonly<Record<string, string>> = {
  "NATS messages in": "in_msgs",
  "NATS messages out": "out_msgs",
  "NATS bytes in": "in_bytes",
  "NATS bytes out": "out_bytes",
};

/** Reads what work has cost each part so far. */
export class CostMeter {
  readonly #sources: CostSources;

  constructor(sources: CostSources) {
    this.#sources = sources;
  }

  async read(): Promise<Costs> {
    const { processes, gatewayUrl, natsMonitorUrl } = this.#sources;
    const metrics = await (await fetch(`${gatewayUrl}/metrics`)).text();
    const nats = await (await fetch(`${natsMonitorUrl}/varz`)).json() as Record<string, number>;
    return new Map([
      ...Object.entries(processes).map(([name, { pid }]) =>
        [`${name} µs`, processorMs(pid) * 1000] as const
      ),
      ...Object.entries(GATEWAY_COUNTS).map(([name, metric]) =>
        [name, Number(new RegExp(`^${metric} (\\S+)$`, "m").exec(metrics)?.[1] ?? NaN)] as const
      ),
      ...Object.entries(NATS_COUNTS).map(([name, field]) => [name, nats[field] ?? NaN] as const),
    ]);
  }

  /** What `work` cost, in all. */
  async during(work: () => Promise<void>): Promise<Costs> {
    const before = await this.read();
    await work();
    const after = await this.read();
    return new Map([...after].map(([name, value]) => [name, value - (before.get(name) ?? 0)]));
  }

  /** Resident memory of a process once it has come to rest, in bytes. */
  async restingRss(name: string): Promise<number> {
    const process = this.#sources.processes[name];
    if (process === undefined) throw new Error(`There is no process ${name}`);
    let last = 0;
    let same = 0;
    await until(() => {
      const rss = residentBytes(process.pid);
      same = Math.abs(rss - last) < 1e6 ? same + 1 : 0;
      last = rss;
      return same >= 20;
    }, { what: `${name} at rest`, timeoutMs: 30_000, intervalMs: 500 });
    return last;
  }
}

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]) * 1024;
}
