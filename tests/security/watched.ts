import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { GatewayProcess } from "../support/gateway.ts";
import type { BystanderReport } from "./bystander.ts";
import { type CaseName, gather } from "./cases.ts";
import { type EngineName, isLong } from "./engines.ts";

/** How often a bystander pings, in ms: within the rate limit. */
const INTERVAL_MS = 25;
/** How many pings there are at least; a percentile wants many. */
const MIN_PINGS = isLong ? 100 : 4;

/** What a bystander may wait at the 99th percentile, in ms, beside what the machine adds. */
const P99_LIMIT_MS = 50;
/** In the short form other tests run at the same time: it only finds a standstill. */
const SHORT_P99_LIMIT_MS = 3000;

/** In the long form the attack is repeated for so long, in ms. */
const LONG_MS = 3000;

const SCRIPT = fileURLToPath(new URL("bystander.ts", import.meta.url));

/** What {@linkcode watched} may be told. */
export interface WatchedOptions {
  /**
   * In the long form, in ms, beside what the machine adds to each of three processes.
   *
   * @default {50}
   */
  readonly p99LimitMs?: number;
  /** The attack ends the process, and the bystander's connection with it: it is made once. */
  readonly isFatal?: boolean;
}

/**
 * Does something hostile to a gateway while a bystander of another process uses it, and checks that
 * the process lives, the bystander kept its connection, and none of its pings waited long.
 *
 * @param attack gives, in a few words, what became of it
 */
export async function watched(
  name: CaseName,
  engine: EngineName,
  gateway: GatewayProcess,
  attack: () => Promise<string>,
  { p99LimitMs = P99_LIMIT_MS, isFatal = false }: WatchedOptions = {},
): Promise<void> {
  const pid = gateway.pid;
  const bystander = startBystander([
    gateway.wsUrl,
    await gateway.token("bystander"),
    `${INTERVAL_MS}`,
    `${MIN_PINGS}`,
  ]);
  const output = lines(bystander.stdout);
  let outcome = "";
  try {
    assert.equal((await output.next()).value, "ready");
    if (isLong) await Promise.all([pin(gateway.pid), pin(bystander.pid)]);
    const untilMs = performance.now() + (isLong && !isFatal ? LONG_MS : 0);
    do outcome = await attack(); while (performance.now() < untilMs);
  } finally {
    await bystander.stdin.close();
  }
  const report: BystanderReport = JSON.parse((await output.next()).value ?? "null");
  await output.next();
  await bystander.status;
  if (isLong) console.log(`${name} on ${engine}: ${outcome}; bystander ${JSON.stringify(report)}`);
  await gather({ name, engine, outcome, bystander: report });
  if (!isFatal) {
    assert.equal(gateway.running && gateway.pid, pid, "The gateway's process ended");
    assert.deepEqual([report.closed, report.unanswered], [null, 0]);
  }
  const limitMs = (isLong ? p99LimitMs : Math.max(p99LimitMs, SHORT_P99_LIMIT_MS)) +
    3 * report.ownDelayP99;
  assert.ok(report.p99 < limitMs, `The p99 was high: ${JSON.stringify(report)}`);
}

function startBystander(args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", "--allow-net=127.0.0.1", SCRIPT, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/**
 * Where figures are taken, the gateway has a core that only the bystander shares: an attacker elsewhere
 * has a machine of its own, too. Their helping threads stay where they are.
 */
async function pin(pid: number): Promise<void> {
  const { success } = await new Deno.Command("taskset", {
    args: ["--pid", "--cpu-list", "1", `${pid}`],
    stdout: "null",
  }).output();
  assert.ok(success, "Cannot give the gateway a core of its own");
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  return undefined;
}
