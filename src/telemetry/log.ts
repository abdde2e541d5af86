import { configure, getLogger, type Logger, type LogRecord, type Sink } from "@logtape/logtape";
import type { Config } from "../config.ts";
import { jsonFormat, type LineFormat, messageOf, prettyFormat } from "./log_line.ts";
import { LogSampler } from "./log_sampler.ts";
import { LogValues } from "./log_value.ts";

/** The gateway's logger; silent until {@linkcode startLog} ran. */
export const log: Logger = getLogger(["waygate"]);

/** What the log is to know of the configuration, its secrets among it: they are never shown. */
export type LogConfig = Pick<
  Config,
  "logLevel" | "logFormat" | "nodeId" | "region" | "tokenKey" | "redis" | "nats" | "metricsToken"
>;

/** Sends the log to standard output, one line a record. */
export async function startLog(config: LogConfig): Promise<void> {
  const values = new LogValues(secretsOf(config));
  const format = config.logFormat === "json"
    ? jsonFormat(values, { node: config.nodeId, region: config.region })
    : prettyFormat(values, Deno.stdout.isTerminal() && !Deno.noColor);
  await configure({
    reset: true,
    // Standard output for every level: the log is the program's output.
    sinks: { stdout: createSink(values, format, (line) => console.log(line)) },
    loggers: [
      { category: ["waygate"], lowestLevel: config.logLevel, sinks: ["stdout"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stdout"] },
    ],
  });
}

/**
 * Writes records as lines. Of lines that say the same, 20 in 10 s are written; the next one after that
 * tells how many were left out (`left_out`). Debug lines are all written.
 */
export function createSink(
  values: LogValues,
  format: LineFormat,
  write: (line: string) => void,
): Sink {
  const sampler = new LogSampler();
  return (record) => {
    const isSampled = record.level !== "debug" && record.level !== "trace";
    const leftOut = isSampled ? sampler.admit(sameness(record, values), performance.now()) : 0;
    if (leftOut === undefined) return;
    write(format(record, leftOut === 0 ? {} : { left_out: leftOut }));
  };
}

/** What makes two lines say the same: all but whom they are about. */
function sameness(record: LogRecord, values: LogValues): string {
  const { error, what } = record.properties;
  const cause = error instanceof Error ? error.message : String(error ?? "").split("\n", 1)[0];
  return [record.level, messageOf(record, values), cause, String(what ?? "")].join("\n");
}

function secretsOf({ tokenKey, redis, nats, metricsToken }: LogConfig): string[] {
  const login = nats?.login;
  return [
    tokenKey.kind === "secret" ? tokenKey.secret : undefined,
    redis?.token,
    login?.kind === "token" ? login.token : undefined,
    login?.kind === "password" ? login.password : undefined,
    metricsToken,
  ].filter((secret) => secret !== undefined);
}
