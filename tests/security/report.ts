/**
 * Runs the hostile cases at full size and prints what came out as docs/security_figures.md has it:
 *
 *     deno task attacks [REPORTS_FILE [TEST_FILE…]]
 *
 * Reports are added to the file, of one case on one engine the last one counts: so a machine that is
 * free for minutes only can run some test files at a time. With a file of reports and no test files it
 * only prints; with neither it runs them all.
 *
 * @module
 */
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { type CaseName, type CaseReport, CASES } from "./cases.ts";
import { type EngineName, ENGINES } from "./engines.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Runs test files; what they print goes to standard error. */
async function run(reports: string, files: readonly string[]): Promise<boolean> {
  const tests = new Deno.Command("taskset", {
    // The gateways get the next core.
    args: ["--cpu-list", "0", Deno.execPath(), "test", "--no-check", "--allow-all", ...files],
    cwd: ROOT,
    env: { WAYGATE_SECURITY: "long", WAYGATE_SECURITY_REPORTS: reports },
    stdout: "piped",
  }).spawn();
  await tests.stdout.pipeTo(Deno.stderr.writable, { preventClose: true });
  return (await tests.status).success;
}

async function readReports(file: string): Promise<CaseReport[]> {
  const text = await Deno.readTextFile(file);
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** Milliseconds, to a tenth where they are few. */
function milliseconds(time: number): string {
  return time < 10 ? time.toFixed(1) : time.toFixed(0);
}

function page(reports: readonly CaseReport[]): string {
  const cells = (name: CaseName, engine: EngineName): string => {
    const report = reports.findLast((each) => each.name === name && each.engine === engine);
    if (report === undefined) return "– | –";
    return `${report.outcome} | ${milliseconds(report.bystander.p99)}`;
  };
  const rows = Object.entries(CASES).map(([name, title]) =>
    `| ${title} | ${ENGINES.map((engine) => cells(name as CaseName, engine)).join(" | ")} |`
  );
  const processors = cpus();
  const memory = Math.round(Deno.systemMemoryInfo().total / 2 ** 30);
  const day = new Date().toISOString().slice(0, 10);
  return `# Security: figures

What came of each hostile case, and how long a bystander waited meanwhile: a client in a process of
its own that pings forty times a second while the attack is repeated for three seconds and more. The
gateway has one core, which only the bystander shares; the attacker and, where they are needed, Redis
and NATS have another. All of it goes over loopback: an attack of some hundred MB comes in a tenth of
a second. [security.md](security.md) says what each case is about.

Measured on ${day}, with \`deno task attacks\`: ${processors.length} cores (${
    processors[0]?.model.trim() ?? "unknown"
  }), ${memory} GiB, Deno ${Deno.version.deno}. p99 in ms. A dash: the engine has no such case.

| case | \`deno\`: what came out | p99 | \`ws\`: what came out | p99 |
| --- | --- | ---: | --- | ---: |
${rows.join("\n")}
`;
}

/** Every test file beside this one. */
function allFiles(): string[] {
  const folder = `${ROOT}tests/security`;
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  return names.filter((name) => name.endsWith("_test.ts")).toSorted()
    .map((name) => `${folder}/${name}`);
}

const [file = await Deno.makeTempFile(), ...chosen] = Deno.args;
const files = Deno.args.length === 0 ? allFiles() : chosen;
const isGood = files.length === 0 || await run(file, files);
console.log(page(await readReports(file)));
Deno.exit(isGood ? 0 : 1);
