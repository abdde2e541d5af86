import { configure, type LogRecord, reset } from "@logtape/logtape";

/** Keeps what the gateway logs, until it is disposed of. */
export async function recordLog(): Promise<{ text(): string } & AsyncDisposable> {
  const records: LogRecord[] = [];
  await configure({
    sinks: { memory: (record) => void records.push(record) },
    loggers: [
      { category: "waygate", sinks: ["memory"] },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  return {
    text: () => records.map(({ message }) => message.join("")).join("\n"),
    [Symbol.asyncDispose]: () => reset(),
  };
}
