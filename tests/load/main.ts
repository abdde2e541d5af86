/**
 * `deno task load`: an open-loop load test against running gateways; see docs/performance.md.
 *
 * @module
 */
import { startCluster } from "./cluster.ts";
import { printSummary, ProgressLine } from "./console_report.ts";
import { htmlReport } from "./html_report.ts";
import { interruption } from "./interruption.ts";
import { runLoad } from "./load_run.ts";
import { type LoadOptions, parseOptions, USAGE } from "./options.ts";
import { ProcessorMeter } from "./processor_use.ts";
import { summarize, type Summary } from "./summary.ts";

/** So often the reports are written while a run is on: whatever ends it, they have all up to then. */
const REPORT_INTERVAL_S = 60;

async function load(options: LoadOptions, stopping: AbortSignal): Promise<Summary> {
  await Deno.mkdir(options.reportDirectory, { recursive: true });
  await using cluster = options.cluster ? await startCluster(options.nodes) : undefined;
  const actual = cluster === undefined ? options : { ...options, urls: cluster.urls };
  const { scenario, connections, rate, seconds, urls, reportDirectory } = actual;
  console.log(
    `${scenario}: ${connections} connections to ${urls.join(", ")}, ${rate}/s, ${seconds} s`,
  );
  const line = new ProgressLine(actual);
  const startedAt = new Date().toISOString();
  let reportedAtS = 0;
  const tally = await runLoad(actual, new ProcessorMeter(cluster?.pids ?? []), {
    onAssembled: () => console.log("Ready"),
    onSecond: (tally, atS) => {
      line.show(tally, atS);
      if (atS < reportedAtS + REPORT_INTERVAL_S) return;
      reportedAtS = atS;
      writeReports(reportDirectory, summarize(actual, tally, startedAt));
    },
  }, stopping);
  line.end();
  return summarize(actual, tally, startedAt);
}

/** Writes each beside its place first, so that no report is ever half there. */
function writeReports(directory: string, summary: Summary): void {
  for (
    const [name, text] of [
      ["report.json", JSON.stringify(summary, null, 2)],
      ["report.html", htmlReport(summary)],
    ] as const
  ) {
    Deno.writeTextFileSync(`${directory}/${name}.part`, text);
    Deno.renameSync(`${directory}/${name}.part`, `${directory}/${name}`);
  }
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
const stopping = interruption();
try {
  const summary = await load(options, stopping);
  printSummary(summary);
  writeReports(options.reportDirectory, summary);
  console.log(`\nReports: ${options.reportDirectory}/report.json, report.html`);
  Deno.exit(stopping.aborted ? 130 : summary.isAsExpected ? 0 : 1);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  Deno.exit(2);
}
