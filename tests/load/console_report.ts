import type { LoadOptions } from "./options.ts";
import type { Summary } from "./summary.ts";
import type { Tally } from "./tally.ts";

const BAR_WIDTH = 20;
/** Where a line cannot be written over, it is written once in so many seconds. */
const LINE_INTERVAL_S = 10;

/** One line that shows how a run goes on. */
export class ProgressLine {
  readonly #options: LoadOptions;
  readonly #isTerminal = Deno.stdout.isTerminal();
  #nextAtS = LINE_INTERVAL_S;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  show(tally: Tally, atS: number): void {
    if (this.#isTerminal) this.#write(`\r\x1b[K${this.#line(tally, atS)}`);
    else if (Math.round(atS) >= this.#nextAtS) {
      this.#nextAtS += LINE_INTERVAL_S;
      this.#write(`${this.#line(tally, atS)}\n`);
    }
  }

  end(): void {
    if (this.#isTerminal) this.#write("\r\x1b[K");
  }

  #line(tally: Tally, atS: number): string {
    const done = Math.min(1, atS / this.#options.seconds);
    const filled = Math.round(done * BAR_WIDTH);
    const { sent = 0, rssBytes = [], p99Ms = 0 } = tally.points.at(-1) ?? {};
    const wrong = tally.doubled + tally.misordered + tally.wrong;
    return [
      `[${"=".repeat(filled)}${" ".repeat(BAR_WIDTH - filled)}] ${Math.round(atS)} s`,
      `${sent}/s`,
      `p99 now ${ms(p99Ms)}, all p50 ${ms(tally.all.percentile(50))}`,
      `p99 ${ms(tally.all.percentile(99))}`,
      `p99.9 ${ms(tally.all.percentile(99.9))}`,
      `errors ${tally.errorCount}`,
      `wrong ${wrong}`,
      ...(rssBytes.length === 0 ? [] : [`RSS ${rssBytes.map(megabytes).join(" + ")} MB`]),
    ].join("  ");
  }

  #write(text: string): void {
    Deno.stdout.writeSync(new TextEncoder().encode(text));
  }
}

/** The end of a run, for people. */
export function printSummary(summary: Summary): void {
  const { correctness, errors, lag, operations, ranS, seconds } = summary;
  if (ranS < seconds) console.log(`Ended after ${ranS} of ${seconds} s`);
  console.log(row(["", "count", "mean", "p50", "p90", "p99", "p99.9", "max ms"]));
  for (const { name, count, mean, p50, p90, p99, p999, max } of Object.values(operations)) {
    console.log(
      row([name, count.toLocaleString("en"), ...[mean, p50, p90, p99, p999, max].map(ms)]),
    );
  }
  const megabytesIn = (summary.receivedBytes / 1e6).toFixed(1);
  console.log(`\nSent ${summary.sent}, received ${summary.received} (${megabytesIn} MB)`);
  const counts = Object.entries(correctness).map(([name, count]) => `${name} ${count}`);
  console.log(`Correctness: ${counts.join(", ")}`);
  for (const example of summary.examples) console.log(`  ${example}`);
  const kinds = Object.entries(errors).map(([kind, count]) => `${kind} (${count})`);
  if (kinds.length > 0) console.log(`Errors: ${kinds.join(", ")}`);
  if (errors["-32003"] !== undefined) {
    console.log("  The rate limit refused some: use more connections, or RATE_LIMIT_MESSAGES=0");
  }
  if (summary.rssGrowth !== null) {
    console.log(
      `Resident memory of the gateways: ${summary.rssGrowth.toFixed(1)} % more at the end`,
    );
  }
  printMachine(summary);
  console.log(`The loader sent late by ${ms(lag.p50)} ms (p50), ${ms(lag.p99)} ms (p99)`);
  if (summary.isLoaderTheLimit) {
    console.log("The loader is the limit: what it measured is its own delay; give it more cores");
  }
  for (const { text, actual, isMet } of summary.expectations) {
    if (!isMet) console.log(`Not as expected: ${text}, but ${ms(actual)}`);
  }
}

/** Whose this machine was meanwhile. */
function printMachine({ processors, disturbance, ranS }: Summary): void {
  if (processors === null) return;
  const { loader, servers, others, stolen } = processors;
  console.log(
    `Of ${navigator.hardwareConcurrency} cores: loader ${loader.toFixed(2)}, ` +
      (servers === 0 ? "" : `servers ${servers.toFixed(2)}, `) +
      `everything else ${others.toFixed(2)}, taken by the host ${stolen.toFixed(2)}`,
  );
  if (disturbance === null || disturbance.p99 === null) return;
  const { seconds, p99, undisturbedP99 } = disturbance;
  console.log(
    `In ${seconds} of ${ranS} s others had over a tenth of the machine: p99 ${ms(p99)} there` +
      (undisturbedP99 === null ? "" : `, ${ms(undisturbedP99)} else (medians of the seconds)`),
  );
}

function row([name = "", ...cells]: readonly string[]): string {
  return name.padEnd(48) + cells.map((cell) => cell.padStart(10)).join("");
}

function ms(value: number): string {
  return value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(2);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
