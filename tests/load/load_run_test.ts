/** Short runs of the load test, as it is used: as a program, against a real gateway. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { sharedBackends, uniquePrefix } from "../support/backends.ts";
import { startGateway } from "../support/gateway.ts";
import type { Summary } from "./summary.ts";

const backends = await sharedBackends();
const PROGRAM = fileURLToPath(new URL("main.ts", import.meta.url));

interface Run {
  readonly status: number;
  readonly output: string;
  readonly summary: Summary;
  readonly page: string;
}

async function load(...args: string[]): Promise<Run> {
  const directory = await Deno.makeTempDir({ prefix: "load_" });
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "-A", PROGRAM, "--report", directory, ...args],
    }).output();
    const text = new TextDecoder();
    const output = text.decode(stdout) + text.decode(stderr);
    const read = (name: string) => Deno.readTextFile(`${directory}/${name}`);
    assert.match(output, /Reports:/);
    return {
      status: code,
      output,
      summary: JSON.parse(await read("report.json")),
      page: await read("report.html"),
    };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a mixed run finds all in order, and reports", async () => {
  await using gateway = await startGateway();
  const { status, output, summary, page } = await load(
    ...["--url", gateway.url, "--connections", "20", "--rate", "180", "--seconds", "2"],
    ...["--workers", "2", "--expect", "errors=0,rate>=179"],
  );
  assert.deepEqual(summary.correctness, { lost: 0, doubled: 0, misordered: 0, wrong: 0 });
  assert.equal(status, 0, output);
  assert.equal(summary.sent, 360);
  // A ninth of 360 goes to locations of ten.
  assert.equal(summary.operations.location_event?.count, 400);
  assert.equal(summary.operations.ping?.count, 200);
  assert.match(output, /event sent, until its user has it +80/);
  assert.match(page, /<svg viewBox/);
});

Deno.test("an expectation that is not met shows in the status and in the reports", async () => {
  await using gateway = await startGateway();
  const { status, output, summary } = await load(
    ...["--url", gateway.url, "--scenario", "ping", "--connections", "2", "--rate", "50"],
    ...["--seconds", "1", "--plain", "--expect", "p50=0.001ms"],
  );
  assert.equal(status, 1);
  assert.equal(summary.isAsExpected, false);
  assert.match(output, /Not as expected: p50=0.001ms/);
});

Deno.test("a storm lets everyone in and finds them listed", async () => {
  await using gateway = await startGateway();
  const { status, output, summary } = await load(
    ...["--url", gateway.url, "--scenario", "storm", "--connections", "50", "--seconds", "1"],
  );
  assert.equal(status, 0, output);
  assert.equal(summary.operations.connect?.count, 50);
  assert.equal(summary.operations.roster?.count, 1);
});

Deno.test("in a soak visitors break off, come back elsewhere and miss nothing", async () => {
  const env = { NATS_PREFIX: uniquePrefix() };
  await using eu = await startGateway({ backends, env });
  await using us = await startGateway({ backends, env });
  const { status, output, summary } = await load(
    ...["--url", `${eu.url},${us.url}`, "--scenario", "soak", "--connections", "20"],
    ...["--rate", "100", "--seconds", "4", "--expect", "errors=0"],
  );
  assert.equal(status, 0, output);
  assert.ok((summary.operations.resume?.count ?? 0) > 0);
  // A tenth of 400.
  assert.equal(summary.operations.visit?.count, 40);
});

Deno.test("a cluster of one gateway is started for a run, which says whose the machine was", async () => {
  const { status, output, summary } = await load(
    ...["--cluster", "--nodes", "1", "--connections", "10", "--rate", "90", "--seconds", "2"],
    ...["--expect", "errors=0"],
  );
  assert.equal(status, 0, output);
  assert.equal(summary.urls.length, 1);
  assert.equal(summary.sent, 180);
  if (Deno.build.os !== "linux") return;
  const { loader = 0, servers = 0 } = summary.processors ?? {};
  assert.ok(loader > 0 && servers > 0, output);
  assert.match(output, /Of \d+ cores: loader \d/);
});
