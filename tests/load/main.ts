/**
 * `deno task load`: an open-loop load test against running gateways; see docs/performance.md.
 *
 * @module
 */
import { startCluster } from "./cluster.ts";
import { printSummary, ProgressLine } from "./console_report.ts";
import { htmlReport } from "./html_report.ts";
import { runLoad } from "./load_run.ts";
import { type LoadOptions, parseOptions, USAGE } from "./options.ts";
import { summarize, type Summary } from "./summary.ts";

async function load(options: LoadOptions): Promise<Summary> {
  await using cluster = options.cluster ? await startCluster() : undefined;
  const actual = cluster === undefined ? options : { ...options, urls: cluster.urls };
  const { scenario, connections, rate, seconds, urls } = actual;
  console.log(
    `${scenario}: ${connections} connections to ${urls.join(", ")}, ${rate}/s, ${seconds} s`,
  );
  const line = new ProgressLine(actual);
  const startedAt = new Date().toISOString();
  const tally = await runLoad(actual, {
    onAssembled: () => console.log("Ready"),
    onSecond: (tally, atS) => line.show(tally, atS),
  });
  line.end();
  return summarize(actual, tally, startedAt);
}

async function writeReports(directory: string, summary: Summary): Promise<void> {
  await Deno.mkdir(directory, { recursive: true });
  await Deno.writeTextFile(`${directory}/report.json`, JSON.stringify(summary, null, 2));
  await Deno.writeTextFile(`${directory}/report.html`, htmlReport(summary));
  console.log(`\nReports: ${directory}/report.json, ${directory}/report.html`);
}

function readOptions(): LoadOptions {
  try {
    return parseOptions(Deno.args, Deno.env.get("JWT_SECRET") || undefined);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    console.error(USAGE);
    Deno.exit(2);
  }
}

if (Deno.args.includes("--help")) {
  console.log(USAGE);
  Deno.exit(0);
}
const options = readOptions();
try {
  const summary = await load(options);
  printSummary(summary);
  await writeReports(options.reportDirectory, summary);
  Deno.exit(summary.isAsExpected ? 0 : 1);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  Deno.exit(2);
}
