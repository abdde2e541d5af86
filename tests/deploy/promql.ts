/**
 * The names that a PromQL query speaks of; not a parser, but it refuses what it does not know.
 *
 * @module
 */
import assert from "node:assert/strict";

/** Metrics of a query and the labels that it selects, groups or joins by. */
export interface QueryNames {
  readonly metrics: ReadonlySet<string>;
  readonly labels: ReadonlySet<string>;
}

const WORDS = new Set([
  ...[
    "sum",
    "min",
    "max",
    "avg",
    "count",
    "absent",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
  ],
  ...["rate", "increase", "resets", "histogram_quantile", "clamp_min", "and", "or", "unless"],
]);
const GROUPING = /\b(?:by|without|on|ignoring|group_left)\s*\(([^)]*)\)/g;
const MATCHER = /\{([^}]*)\}/g;
const WORD = /[a-zA-Z_:][a-zA-Z0-9_:]*/g;

/** Reads a query, its Grafana variables still in it. */
export function namesOf(query: string): QueryNames {
  const labels = new Set<string>();
  const rest = query
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
    .replaceAll(/\[[^\]]*\]/g, "")
    .replaceAll(MATCHER, (_, matchers: string) => {
      for (const name of matchers.match(WORD) ?? []) labels.add(name);
      return "";
    })
    .replaceAll(GROUPING, (_, names: string) => {
      for (const name of names.match(WORD) ?? []) labels.add(name);
      return "";
    });
  const metrics = new Set((rest.match(WORD) ?? []).filter((word) => !WORDS.has(word)));
  // Numbers such as 800e6 have letters, too.
  for (const metric of metrics) if (/^e\d+$/.test(metric)) metrics.delete(metric);
  assert.ok(metrics.size > 0, `No metric in ${query}`);
  return { metrics, labels };
}
