import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Durations } from "./counters.ts";

/** Label names and values of one sample. */
export type Labels = Readonly<Record<string, string>>;

/** A registry of metrics that are read from plain numbers when somebody scrapes. */
export class Exposition {
  readonly #registry = new Registry();

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything in the text format of Prometheus. */
  render(): Promise<string> {
    return this.#registry.metrics();
  }

  /** A number that goes up and down; undefined leaves it out for now. */
  gauge(name: string, help: string, read: () => number | undefined): void {
    new Gauge({
      name: `waygate_${name}`,
      help,
      registers: [this.#registry],
      collect() {
        const value = read();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  }

  /** A constant 1 that carries what is to be known in its labels. */
  info(name: string, help: string, labels: Labels): void {
    const gauge = new Gauge({
      name: `waygate_${name}_info`,
      help,
      labelNames: Object.keys(labels),
      registers: [this.#registry],
    });
    gauge.set({ ...labels }, 1);
  }

  /** A number that only grows. */
  total(name: string, help: string, read: () => number): void {
    new Counter({
      name: `waygate_${name}_total`,
      help,
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  /** Numbers that only grow, one for each value of a label. */
  totals(
    name: string,
    label: string,
    help: string,
    read: () => Iterable<[string | number, number]>,
  ): void {
    new Counter({
      name: `waygate_${name}_total`,
      help,
      labelNames: [label],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [value, count] of read()) this.inc({ [label]: String(value) }, count);
      },
    });
  }

  /** Durations, in seconds, one series for each set of labels. */
  histogram(name: string, help: string, read: () => Iterable<[Labels, Durations]>): void {
    new DurationHistogram(`waygate_${name}_seconds`, help, read, this.#registry);
  }
}

/** Durations that are kept in plain arrays, as a Prometheus histogram. */
class DurationHistogram extends Histogram {
  readonly #metric: { readonly name: string; readonly help: string };
  readonly #read: () => Iterable<[Labels, Durations]>;

  constructor(
    name: string,
    help: string,
    read: () => Iterable<[Labels, Durations]>,
    registry: Registry,
  ) {
    super({ name, help, registers: [registry] });
    this.#metric = { name, help };
    this.#read = read;
  }

  override get() {
    return this.getForPromString();
  }

  /** The registry asks a histogram this, and not `get`, when it renders text. */
  getForPromString() {
    const { name } = this.#metric;
    const values = [...this.#read()].flatMap(([labels, durations]) =>
      series(name, labels, durations)
    );
    return Promise.resolve({
      ...this.#metric,
      type: "histogram" as const,
      values,
      aggregator: "sum" as const,
    }) as unknown as ReturnType<Histogram["get"]>;
  }
}

function series(name: string, labels: Labels, { boundsS, buckets, count, sumS }: Durations) {
  let below = 0;
  const cumulative = buckets.map((inBucket, index) => {
    below += inBucket;
    const bound = boundsS[index];
    return {
      labels: { ...labels, le: bound === undefined ? "+Inf" : String(bound) },
      value: below,
      metricName: `${name}_bucket`,
    };
  });
  return [
    ...cumulative,
    { labels, value: sumS, metricName: `${name}_sum` },
    { labels, value: count, metricName: `${name}_count` },
  ];
}
