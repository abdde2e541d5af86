/**
 * A strict reader of Prometheus's text format, version 0.0.4: it refuses what a lenient one would let
 * pass, such as a sample apart from its family or a histogram whose buckets do not add up.
 *
 * @module
 */
import assert from "node:assert/strict";

/** One line with a number. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with all its samples. */
export interface Family {
  readonly name: string;
  readonly type: string;
  readonly samples: readonly Sample[];
}

/** Families by name. */
export type Families = ReadonlyMap<string, Family>;

const TYPES = new Set(["counter", "gauge", "histogram"]);
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

/** Reads an exposition; throws an assertion error that says which rule it breaks. */
export function parseMetrics(text: string): Families {
  assert.ok(text.endsWith("\n"), "The last line must end");
  const families = new Map<string, { name: string; type: string; samples: Sample[] }>();
  let family: { name: string; type: string; samples: Sample[] } | undefined;
  let help: string | undefined;
  for (const line of text.split("\n")) {
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (comment !== null) {
      const [, kind, name = "", rest = ""] = comment;
      if (kind === "HELP") help = name;
      else {
        assert.equal(help, name, `TYPE of ${name} without its HELP before it`);
        assert.ok(TYPES.has(rest), `Unknown type ${rest}`);
        assert.ok(!families.has(name), `${name} comes twice`);
        families.set(name, family = { name, type: rest, samples: [] });
      }
    } else if (line !== "") {
      const sample = parseSample(line);
      assert.ok(family !== undefined && belongs(sample.name, family), `Stray: ${line}`);
      family.samples.push(sample);
    }
  }
  for (const each of families.values()) check(each);
  return families;
}

/** The value of the one sample that has these labels, and maybe others. */
export function valueOf(
  families: Families,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const all = [...families.values()].flatMap(({ samples }) => samples);
  const fitting = all.filter((sample) =>
    sample.name === name &&
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
  );
  assert.equal(fitting.length, 1, `${name} ${JSON.stringify(labels)}: ${fitting.length} samples`);
  return fitting[0]?.value ?? NaN;
}

function parseSample(line: string): Sample {
  const match = SAMPLE.exec(line);
  assert.ok(match !== null, `Not a sample: ${line}`);
  const [, name = "", labels = "", number = ""] = match;
  assert.match(number, /^([+-]?\d+(\.\d+)?(e[+-]?\d+)?|[+-]Inf|NaN)$/i, `Not a number: ${line}`);
  const value = number === "+Inf" ? Infinity : number === "-Inf" ? -Infinity : Number(number);
  return { name, labels: parseLabels(labels), value };
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const at = LABEL.lastIndex;
    const [, name = "", value = ""] = LABEL.exec(text) ??
      assert.fail(`Bad labels at ${at}: ${text}`);
    assert.ok(!(name in labels), `The label ${name} comes twice: ${text}`);
    labels[name] = value.replaceAll(/\\(.)/g, (_, escaped) => escaped === "n" ? "\n" : escaped);
  }
  return labels;
}

function belongs(name: string, family: { name: string; type: string }): boolean {
  if (family.type !== "histogram") return name === family.name;
  return ["_bucket", "_sum", "_count"].some((suffix) => name === family.name + suffix);
}

function check({ name, type, samples }: Family): void {
  const seen = new Set<string>();
  for (const sample of samples) {
    const key = `${sample.name}${JSON.stringify(Object.entries(sample.labels).toSorted())}`;
    assert.ok(!seen.has(key), `The sample ${key} comes twice`);
    seen.add(key);
    assert.ok(!Number.isNaN(sample.value), `${key} is not a number`);
    if (type !== "gauge") assert.ok(sample.value >= 0, `${key} is negative`);
  }
  if (type === "counter") assert.match(name, /_total$/);
  if (type === "histogram") checkHistogram(name, samples);
}

/** Buckets grow with their bounds, the last is +Inf and equals the count, and there is a sum. */
function checkHistogram(name: string, samples: readonly Sample[]): void {
  const series = Map.groupBy(
    samples,
    ({ labels: { le: _le, ...labels } }) => JSON.stringify(Object.entries(labels).toSorted()),
  );
  for (const [labels, parts] of series) {
    const of = (suffix: string) => parts.filter((part) => part.name === name + suffix);
    const buckets = of("_bucket");
    const bounds = buckets.map(({ labels: { le = "" } }) => le === "+Inf" ? Infinity : Number(le));
    assert.equal(bounds.at(-1), Infinity, `${name}${labels} has no +Inf`);
    assert.equal(of("_sum").length, 1, `${name}${labels} has no sum`);
    assert.deepEqual(of("_count").map(({ value }) => value), [buckets.at(-1)?.value]);
    for (let index = 1; index < buckets.length; index++) {
      assert.ok(
        (bounds[index] ?? 0) > (bounds[index - 1] ?? 0),
        `${name}${labels} is out of order`,
      );
      assert.ok((buckets[index]?.value ?? 0) >= (buckets[index - 1]?.value ?? 0));
    }
  }
}
