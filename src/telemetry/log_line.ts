import type { LogRecord } from "@logtape/logtape";
import type { LogValue, LogValues } from "./log_value.ts";

/** Makes a line of a record; the properties are those to be shown. */
export type LineFormat = (record: LogRecord, extra: Readonly<Record<string, number>>) => string;

/** Properties of a line that no record may set. */
const OWN = ["time", "level", "message"];

/** What JSON leaves as it is, and a terminal or a reader of lines obeys: C1, line and paragraph ends. */
const UNSEEN = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
// deno-lint-ignore no-control-regex -- those are meant
const CONTROL = /[\u0000-\u001f]/g;

/**
 * One JSON object a line: `time`, `level`, `message`, then what is common to all lines, then the
 * record's own properties.
 */
export function jsonFormat(
  values: LogValues,
  common: Readonly<Record<string, string>>,
): LineFormat {
  const reserved = [...OWN, ...Object.keys(common)];
  return (record, extra) => {
    const properties = values.properties(record.properties);
    for (const name of reserved) delete properties[name];
    const line = JSON.stringify({
      time: new Date(record.timestamp).toISOString(),
      level: record.level,
      message: messageOf(record, values),
      ...common,
      ...properties,
      ...extra,
    });
    return line.replaceAll(UNSEEN, escaped);
  };
}

const COLORS: Readonly<Record<LogRecord["level"], number>> = {
  trace: 90,
  debug: 90,
  info: 36,
  warning: 33,
  error: 31,
  fatal: 31,
};

/** For a reader at a terminal: time of day, level, message, properties; stacks below, indented. */
export function prettyFormat(values: LogValues, isColored: boolean): LineFormat {
  const paint = (color: number, text: string) => isColored ? `\x1b[${color}m${text}\x1b[0m` : text;
  return (record, extra) => {
    const time = new Date(record.timestamp).toISOString().slice(11, 23);
    const level = paint(COLORS[record.level], record.level.padEnd(7));
    const short: string[] = [];
    const long: string[] = [];
    for (
      const [name, value] of Object.entries({ ...values.properties(record.properties), ...extra })
    ) {
      const text = display(value);
      // A text of several lines is indented: it cannot be taken for lines of the log.
      if (text.includes("\n")) long.push(...text.split("\n").map((line) => `\n    ${clean(line)}`));
      else short.push(` ${paint(90, `${clean(name)}=`)}${clean(text)}`);
    }
    const message = clean(messageOf(record, values));
    return `${paint(90, time)} ${level} ${message}${short.join("")}${long.join("")}`;
  };
}

/** A record's message with its values in their places. */
export function messageOf(record: LogRecord, values: LogValues): string {
  return record.message
    .map((part, index) => index % 2 === 0 ? values.text(String(part)) : display(values.value(part)))
    .join("");
}

function display(value: LogValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Without a character that a terminal would obey. */
function clean(text: string): string {
  return text.replaceAll(CONTROL, escaped).replaceAll(UNSEEN, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
