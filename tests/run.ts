/**
 * Runs the tests: `deno task test [FILTER…]`.
 *
 * Installs the servers that tests need, starts the shared ones, runs `deno test` with whatever it
 * was given (files, `--filter`, …; everything under tests/ by default), ends the servers and prints
 * the count as its last line.
 *
 * @module
 */

import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { backendsEnvironment, startBackends } from "./support/backends.ts";
import { installPrograms } from "./support/install.ts";
import { readFailures, readTally, type Tally } from "./support/tally.ts";
import { until } from "./support/wait.ts";

/**
 * What tests may do. They start servers, browsers and gateways of their own, read the project and
 * write nothing but temporary files; loopback is all the network there is.
 */
function permissions(temporary: string): string[] {
  return [
    "--no-prompt",
    "--allow-net=127.0.0.1,localhost,0.0.0.0,[::1]",
    "--allow-run",
    "--allow-read",
    `--allow-write=${temporary}`,
    "--allow-env",
    "--allow-sys",
  ];
}

/** So much of the output is read again at its end: all that is said of a few dozen failures. */
const OUTPUT_KEPT = 100_000;

/** What came of one run of `deno test`. */
interface Result {
  readonly status: number;
  readonly tally: Tally;
  /** What was said of the tests that failed. */
  readonly failures: string;
}

/** The exit status of a process that a signal ended is this and the signal's number. */
const SIGNALLED = 128;

/**
 * Tests whose subject is time or load: what they wait for is most often a lease or an outage, so that
 * two at a time leave a core idle. All others come before them, and keep every core busy.
 */
const TIMED = ["tests/e2e/gateway_cluster_test.ts", "tests/faults", "tests/load"];
const TIMED_JOBS = 2;

/** Files of which each core has one to work on while another one waits for something. */
const JOBS = Math.ceil(navigator.hardwareConcurrency * 1.5);

async function main(filter: readonly string[]): Promise<number> {
  process.chdir(fileURLToPath(new URL("..", import.meta.url)));
  try {
    await installPackages();
    await installPrograms();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
  // Everything temporary of the run, its servers and its tests is in here, so one removal gets it all.
  const temporary = await Deno.makeTempDir({ prefix: "waygate_" });
  process.env["TMPDIR"] = temporary;
  try {
    const { status, tally } = await runTests(filter, temporary);
    console.log(`${tally.passed} passed, ${tally.failed} failed`);
    return status;
  } finally {
    // A browser that is still on its way out may write while its profile is removed.
    await until(() => Deno.remove(temporary, { recursive: true }).then(() => true), {
      what: `the removal of ${temporary}`,
    });
  }
}

/** Fetches all packages beforehand, so that no server that a test starts has to wait for them. */
async function installPackages(): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), { args: ["install"] }).spawn().status;
  if (!success) throw new Error("Cannot fetch the packages named in deno.json, see above");
}

async function runTests(
  filter: readonly string[],
  temporary: string,
): Promise<Omit<Result, "failures">> {
  await using backends = await startBackends();
  const environment = backendsEnvironment(backends);
  const run = (parts: readonly string[], jobs: number) =>
    // Types are the matter of `deno task ok`.
    denoTest(["--no-check", ...permissions(temporary), ...parts], {
      ...environment,
      DENO_JOBS: `${jobs}`,
    });
  if (filter.some((argument) => existsSync(argument))) return await run(filter, JOBS);
  const all = (
    files: readonly string[],
  ) => ["--parallel", "--permit-no-files", ...filter, ...files];
  const first = await run(all(["tests", `--ignore=${TIMED}`]), JOBS);
  // Ended by a signal: whoever gave it wants no more.
  if (first.status > SIGNALLED) return first;
  const second = await run(all(TIMED), TIMED_JOBS);
  // Said before, far up: whoever reads only the end must see it too.
  if (first.failures !== "") console.log(`\nIn the first part:\n${first.failures}\n`);
  return {
    status: first.status || second.status,
    tally: {
      passed: first.tally.passed + second.tally.passed,
      failed: first.tally.failed + second.tally.failed,
    },
  };
}

async function denoTest(args: readonly string[], env: Record<string, string>): Promise<Result> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", ...args],
    env,
    stdout: "piped",
  }).spawn();
  // Ctrl-C reaches the child by itself; the runner only has to outlive it, to end the servers.
  const ignore = (): void => {};
  const pass = (): void => child.kill("SIGTERM");
  Deno.addSignalListener("SIGINT", ignore);
  Deno.addSignalListener("SIGTERM", pass);
  const output = await echo(child.stdout);
  const { success, code } = await child.status;
  Deno.removeSignalListener("SIGINT", ignore);
  Deno.removeSignalListener("SIGTERM", pass);
  return { status: code, tally: readTally(output, success), failures: readFailures(output) };
}

/** Passes a stream on to standard output and returns its last part. */
async function echo(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let last = "";
  for await (const chunk of stream) {
    await write(chunk);
    last = (last + decoder.decode(chunk, { stream: true })).slice(-OUTPUT_KEPT);
  }
  return last;
}

async function write(chunk: Uint8Array): Promise<void> {
  let rest = chunk;
  while (rest.length > 0) rest = rest.subarray(await Deno.stdout.write(rest));
}

Deno.exit(await main(Deno.args));
