import type { NodeReport } from "./node_report.ts";

/** The nodes at one moment. */
export interface Look {
  /** Of a monotonic clock. */
  readonly atMs: number;
  /** Of the calendar, in ms since the epoch. */
  readonly wallMs: number;
  readonly nodes: readonly NodeReport[];
}

/** What is shown of a node, and of several together. */
interface Row {
  readonly region: string;
  readonly node: string;
  readonly connections: number;
  /** A second; undefined until a node was seen twice. */
  readonly received: number | undefined;
  readonly sent: number | undefined;
  readonly errors: number | undefined;
  readonly memoryBytes: number;
  readonly upMs: number | undefined;
  readonly version: string;
}

const TITLES = ["REGION", "NODE", "CONNS", "IN/S", "OUT/S", "ERR/S", "MEMORY", "UP", "VERSION"];
/** Columns of text; the others are numbers and stand at the right. */
const TEXTS: ReadonlySet<number> = new Set([0, 1, 8]);

/**
 * The view as lines: one for each node, a sum for each region that has several, and one for all. Rates
 * are those between two looks.
 */
export function renderView(look: Look, before: Look | undefined): string[] {
  const rows = look.nodes.map((node) => rowOf(node, look, before));
  const regions = Map.groupBy(rows, ({ region }) => region);
  const shown: Row[] = [];
  for (const [region, there] of regions) {
    shown.push(...there);
    if (there.length > 1) shown.push(sum(there, region, `= ${there.length} nodes`));
  }
  if (regions.size > 1) shown.push(sum(rows, "all", `= ${rows.length} nodes`));
  const cells = [TITLES, ...shown.map(cellsOf)];
  const widths = TITLES.map((_, column) =>
    Math.max(...cells.map((row) => cell(row, column).length))
  );
  const time = new Date(look.wallMs).toISOString().slice(11, 19);
  const head = `Waygate at ${time} UTC: ${rows.length} nodes in ${regions.size} regions`;
  if (rows.length === 0) {
    return [head, "", "No node answers: is this the right NATS, and may you ask?"];
  }
  return [
    head,
    "",
    ...cells.map((row) =>
      widths.map((width, column) => {
        const text = cell(row, column);
        return TEXTS.has(column) ? text.padEnd(width) : text.padStart(width);
      }).join("  ").trimEnd()
    ),
  ];
}

function rowOf(node: NodeReport, look: Look, before: Look | undefined): Row {
  // A node that was restarted counts from 0 again.
  const earlier = before?.nodes.find(({ nodeId, startedAt }) =>
    nodeId === node.nodeId && startedAt === node.startedAt
  );
  const seconds = (look.atMs - (before?.atMs ?? look.atMs)) / 1000;
  const rate = (count: "received" | "sent" | "errors") =>
    earlier === undefined || seconds <= 0 ? undefined : (node[count] - earlier[count]) / seconds;
  return {
    region: node.region,
    node: node.nodeId,
    connections: node.connections,
    received: rate("received"),
    sent: rate("sent"),
    errors: rate("errors"),
    memoryBytes: node.memoryBytes,
    upMs: look.wallMs - Date.parse(node.startedAt),
    version: node.version,
  };
}

function sum(rows: readonly Row[], region: string, node: string): Row {
  const total = (of: (row: Row) => number | undefined) =>
    rows.reduce<number | undefined>((all, row) => {
      const value = of(row);
      return value === undefined ? all : (all ?? 0) + value;
    }, undefined);
  return {
    region,
    node,
    connections: total((row) => row.connections) ?? 0,
    received: total((row) => row.received),
    sent: total((row) => row.sent),
    errors: total((row) => row.errors),
    memoryBytes: total((row) => row.memoryBytes) ?? 0,
    upMs: undefined,
    version: "",
  };
}

function cellsOf(row: Row): string[] {
  return [
    printable(row.region),
    printable(row.node),
    String(row.connections),
    ...[row.received, row.sent, row.errors].map((rate) =>
      rate === undefined ? "-" : rate.toFixed(1)
    ),
    `${Math.round(row.memoryBytes / 1e6)} MB`,
    row.upMs === undefined ? "" : duration(row.upMs),
    printable(row.version),
  ];
}

function cell(row: readonly string[], column: number): string {
  return row[column] ?? "";
}

/** What stands in a message from the network must not steer the terminal. */
function printable(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, "?").slice(0, 40);
}

/** The two largest units, for example `3h12m`. */
function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [days, hours, minutes] = [86_400, 3600, 60].map((unit) => Math.floor(seconds / unit));
  if (days) return `${days}d${(hours ?? 0) % 24}h`;
  if (hours) return `${hours}h${(minutes ?? 0) % 60}m`;
  return minutes ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}
