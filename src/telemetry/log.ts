import {
  configure,
  getConsoleSink,
  getLogger,
  type Logger,
  type LogRecord,
} from "@logtape/logtape";
import type { Config } from "../config.ts";

/** The gateway's logger; silent until {@linkcode startLog} ran. */
export const log: Logger = getLogger(["waygate"]);

type LogConfig = Pick<Config, "logLevel" | "logFormat" | "nodeId" | "region">;

/** Sends the log to standard output, one line a record. */
export async function startLog(config: LogConfig): Promise<void> {
  const common = { node: config.nodeId, region: config.region };
  const formatter = config.logFormat === "json" ? jsonLine(common) : prettyLine;
  await configure({
    reset: true,
    sinks: {
      stdout: getConsoleSink({
        formatter,
        // Standard output for every level: the log is the program's output.
        levelMap: {
          trace: "log",
          debug: "log",
          info: "log",
          warning: "log",
          error: "log",
          fatal: "log",
        },
      }),
    },
    loggers: [
      { category: ["waygate"], lowestLevel: config.logLevel, sinks: ["stdout"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stdout"] },
    ],
  });
}

function jsonLine(common: Record<string, string>): (record: LogRecord) => string {
  return (record) => {
    const { message: _message, level: _level, time: _time, ...properties } = record.properties;
    return JSON.stringify({
      time: new Date(record.timestamp).toISOString(),
      level: record.level,
      message: record.message.map(String).join(""),
      ...common,
      ...properties,
    });
  };
}

function prettyLine(record: LogRecord): string {
  const time = new Date(record.timestamp).toISOString().slice(11, 23);
  const properties = Object.entries(record.properties)
    .map(([name, value]) => ` ${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("");
  return `${time} ${record.level.padEnd(7)} ${record.message.map(String).join("")}${properties}`;
}
