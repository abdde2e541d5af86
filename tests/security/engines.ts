/**
 * What the security tests run against: a gateway of its own process on either engine.
 *
 * @module
 */
import assert from "node:assert/strict";
import process from "node:process";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import type { Backends } from "../support/backends.ts";
import { until } from "../support/wait.ts";

/** Values of `WEBSOCKET_ENGINE`. */
export const ENGINES = ["deno", "ws"] as const;

/** One of {@linkcode ENGINES}. */
export type EngineName = typeof ENGINES[number];

/** Whether to run at full size, to hold the bystander to its limit and to print figures: `WAYGATE_SECURITY=long`. */
export const isLong: boolean = process.env["WAYGATE_SECURITY"] === "long";

/**
 * A test of either engine: one after the other in the long form, at the same time where nothing is
 * measured.
 */
export function testEngines(name: string, run: (engine: EngineName) => Promise<void>): void {
  if (isLong) {
    for (const engine of ENGINES) Deno.test(`${name}, engine ${engine}`, () => run(engine));
    return;
  }
  Deno.test(`${name}, on either engine`, async (): Promise<void> => {
    const outcomes = await Promise.allSettled(ENGINES.map(run));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  });
}

/** Engines for what the engine has no part in: one stands for both unless there is time. */
export const ANY_ENGINE: readonly EngineName[] = isLong ? ENGINES : ["deno"];

/** Keeps V8 from putting off the collection of garbage, which would hide what is really held. */
export const TIDY: Readonly<Record<string, string>> = {
  DENO_V8_FLAGS: "--max-old-space-size=96,--max-semi-space-size=1",
};

/** Starts a gateway on one engine; the rest of its environment is `env`. */
export function startGuarded(
  engine: EngineName,
  env: Readonly<Record<string, string>>,
  backends: Partial<Backends> = {},
): Promise<GatewayProcess> {
  return startGateway({ env: { LOBBY: "off", ...env, WEBSOCKET_ENGINE: engine }, backends });
}

/** One number of `/metrics`; a sum when the name has labels. */
export async function readMetric(gateway: GatewayProcess, name: string): Promise<number> {
  const response = await fetch(`${gateway.url}/metrics`);
  const lines = (await response.text()).split("\n")
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  if (lines.length === 0) throw new Error(`There is no metric ${name}`);
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

/** Resident memory of the gateway, in MB. */
export async function residentMb(gateway: GatewayProcess): Promise<number> {
  return await readMetric(gateway, "waygate_memory_rss_bytes") / 1e6;
}

/** Does something and gives the highest resident memory seen meanwhile, in MB. */
export async function peakMb(
  gateway: GatewayProcess,
  action: () => Promise<void>,
): Promise<number> {
  let peak = 0;
  let isDone = false;
  const watch = async (): Promise<void> => {
    do {
      peak = Math.max(peak, await residentMb(gateway));
      await new Promise((resolve) => setTimeout(resolve, 50));
    } while (!isDone);
  };
  const watching = watch();
  await action();
  isDone = true;
  await watching;
  return peak;
}

/** Waits until the gateway has so many connections and sessions, and no more. */
export async function untilOnly(gateway: GatewayProcess, connections: number): Promise<void> {
  await until(async () => {
    assert.equal(await readMetric(gateway, "waygate_connections"), connections);
    assert.equal(await readMetric(gateway, "waygate_presence_sessions"), connections);
    return true;
  }, { what: `all but ${connections} connections to end`, timeoutMs: 20_000, intervalMs: 50 });
}
