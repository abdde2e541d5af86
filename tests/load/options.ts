import { parseArgs } from "node:util";
import { type Expectation, parseExpectations } from "./expectations.ts";

/** What clients do. */
export const SCENARIOS = ["ping", "presence", "events", "storm", "soak", "mixed"] as const;

/** One of {@linkcode SCENARIOS}. */
export type ScenarioName = typeof SCENARIOS[number];

/** One run of the load test. */
export interface LoadOptions {
  readonly scenario: ScenarioName;
  /** Gateways, `http://…`; clients are dealt out to them in turn. */
  readonly urls: readonly string[];
  readonly connections: number;
  /** Messages a second of all clients together; in a storm, clients that come a second, 0 for all at once. */
  readonly rate: number;
  readonly seconds: number;
  /** So many of them, at the start, are not timed: code is compiled yet. What comes wrong is counted. */
  readonly warmupSeconds: number;
  readonly workers: number;
  readonly expectations: readonly Expectation[];
  /** Signs tokens; without it the gateway, in development mode, is asked for them. */
  readonly tokenSecret: string | undefined;
  readonly metricsToken: string | undefined;
  /** Whether clients agree to gathered frames, as the project's own client does. */
  readonly isBatching: boolean;
  /** Where the reports go. */
  readonly reportDirectory: string;
  /** Whether to start gateways with real Redis and NATS, and to end them afterwards. */
  readonly cluster: boolean;
  /** So many gateways are started. */
  readonly nodes: number;
}

export const USAGE = `Usage: deno task load [options]
  --url URL          gateway, a comma list for several        (http://127.0.0.1:8090)
  --scenario NAME    ${SCENARIOS.join(", ")}   (mixed)
  --connections N    clients                                  (100)
  --rate N           messages a second, all clients together; in a storm,
                     clients a second, 0 for all at once      (1000; storm 0)
  --seconds N        how long                                 (30; soak 3600)
  --warmup N         the first so many of them are not timed  (0)
  --expect LIST      p99=100ms, ping.p99=5ms, rate>=990, errors=0, rss_growth=5, …
  --workers N        threads of the loader                    (one for each core, 4 at most)
  --plain            one message a frame, not gathered
  --token-secret S   signs tokens (HS256); or JWT_SECRET; else POST /dev/token is asked
  --metrics-token T  bearer token of /metrics
  --report DIR       where report.json and report.html go     (dist/load)
  --cluster          starts redis-server, nats-server and gateways for this run
  --nodes N          so many gateways                         (2)`;

const DEFAULT_SECONDS: Partial<Record<ScenarioName, number>> = { soak: 3600 };
const MAX_WORKERS = 4;
const DEFAULT_NODES = 2;

/** What must hold whatever else is expected. */
const ALWAYS = "lost=0,doubled=0,misordered=0,wrong=0";

/**
 * Reads the command line.
 *
 * @throws {TypeError} saying what is wrong with it
 */
export function parseOptions(args: readonly string[], secret: string | undefined): LoadOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: "string", default: "http://127.0.0.1:8090" },
      scenario: { type: "string", default: "mixed" },
      connections: { type: "string", default: "100" },
      rate: { type: "string" },
      seconds: { type: "string" },
      warmup: { type: "string", default: "0" },
      workers: { type: "string" },
      expect: { type: "string", default: "" },
      plain: { type: "boolean", default: false },
      "token-secret": { type: "string" },
      "metrics-token": { type: "string" },
      report: { type: "string", default: "dist/load" },
      cluster: { type: "boolean", default: false },
      nodes: { type: "string" },
    },
  });
  const scenario = SCENARIOS.find((name) => name === values.scenario);
  if (scenario === undefined) {
    throw new TypeError(`--scenario must be one of ${SCENARIOS.join(", ")}`);
  }
  const connections = positive("connections", values.connections, Number.isInteger);
  const isStorm = scenario === "storm";
  const cores = Math.min(navigator.hardwareConcurrency, MAX_WORKERS);
  return {
    scenario,
    urls: values.url.split(",").map(httpUrl),
    connections,
    rate: isStorm && Number(values.rate ?? 0) === 0 ? 0 : positive("rate", values.rate ?? "1000"),
    seconds: positive("seconds", values.seconds ?? `${DEFAULT_SECONDS[scenario] ?? 30}`),
    warmupSeconds: values.warmup === "0" ? 0 : positive("warmup", values.warmup),
    workers: Math.min(
      positive("workers", values.workers ?? `${cores}`, Number.isInteger),
      connections,
    ),
    expectations: parseExpectations(`${ALWAYS},${values.expect}`),
    tokenSecret: values["token-secret"] ?? secret,
    metricsToken: values["metrics-token"],
    isBatching: !values.plain,
    reportDirectory: values.report,
    cluster: values.cluster,
    nodes: nodesOf(values.cluster, values.nodes),
  };
}

function nodesOf(isCluster: boolean, text: string | undefined): number {
  if (text !== undefined && !isCluster) {
    throw new TypeError("--nodes is for --cluster, which starts them; else name them with --url");
  }
  return positive("nodes", text ?? `${DEFAULT_NODES}`, Number.isInteger);
}

function positive(name: string, text: string, isFit = Number.isFinite): number {
  const number = Number(text);
  if (isFit(number) && number > 0) return number;
  const kind = isFit === Number.isInteger ? "a whole number" : "a number";
  throw new TypeError(`--${name} must be ${kind} over 0, and is "${text}"`);
}

/** A gateway's origin; `ws://…/ws` is understood, too. */
function httpUrl(text: string): string {
  if (!URL.canParse(text)) throw new TypeError(`--url must be a URL, and is "${text}"`);
  const url = new URL(text.replace(/^ws/, "http"));
  return url.origin;
}
