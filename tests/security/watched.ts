import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { GatewayProcess } from "../support/gateway.ts";
import type { BystanderReport } from "./bystander.ts";
import { isLong, note } from "./engines.ts";

/** How often a bystander pings, in ms: within the rate limit. */
const INTERVAL_MS = 25;

/** In the short form other tests run at the same time: it only finds a standstill, in ms. */
const SHORT_P99_LIMIT_MS = 1000;

/** In the long form the attack is repeated for so long, in ms. */
const LONG_MS = 5000;

const SCRIPT = fileURLToPath(new URL("bystander.ts", import.meta.url));

/**
 * Does something hostile to a gateway while a bystander of another process uses it, and checks that
 * the process lives, the bystander kept its connection, and none of its pings waited long.
 *
 * @param p99LimitMs in the long form, beside what the machine adds to each of three processes
 */
export async function watched(
  what: string,
  gateway: GatewayProcess,
  attack: () => Promise<void>,
  p99LimitMs = 50,
): Promise<BystanderReport> {
  const pid = gateway.pid;
  const args = ["run", "--no-check", "--no-prompt", "--allow-net=127.0.0.1", SCRIPT];
  const bystander = new Deno.Command(Deno.execPath(), {
    args: [...args, gateway.wsUrl, await gateway.token("bystander"), `${INTERVAL_MS}`],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = lines(bystander.stdout);
  try {
    assert.equal((await output.next()).value, "ready");
    const untilMs = performance.now() + (isLong ? LONG_MS : 0);
    do await attack(); while (performance.now() < untilMs);
  } finally {
    await bystander.stdin.close();
  }
  const last = await output.next();
  const report: BystanderReport = JSON.parse(last.value ?? "null");
  await output.next();
  await bystander.status;
  note(`${what}, bystander`, { ...report });
  assert.equal(gateway.running && gateway.pid, pid, "The gateway's process ended");
  assert.equal(report.closed, null);
  assert.equal(report.unanswered, 0);
  const { p99, ownDelayP99 } = report;
  const limitMs = (isLong ? p99LimitMs : Math.max(p99LimitMs, SHORT_P99_LIMIT_MS)) +
    3 * ownDelayP99;
  assert.ok(p99 < limitMs, `The p99 was high: ${JSON.stringify(report)}`);
  return report;
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
