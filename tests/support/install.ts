/**
 * Puts the servers and the browser that tests need on this machine.
 *
 * @module
 */

import process from "node:process";
import { findProgram, type ProgramName } from "./programs.ts";

const PROGRAMS: readonly ProgramName[] = ["redis-server", "nats-server", "chromium"];

/** What decides how programs can be installed. */
export interface Machine {
  /** The contents of /etc/os-release; empty where there is none. */
  readonly osRelease: string;
  readonly root: boolean;
  /** Whether `sudo` works without asking for a password. */
  readonly sudo: boolean;
}

/** Commands that install everything missing, or advice for whoever has to do it by hand. */
export type InstallPlan =
  | { readonly commands: readonly (readonly string[])[] }
  | { readonly advice: string };

/**
 * Makes sure that every program is there, installing what is missing on Debian and Ubuntu.
 *
 * @throws {Error} when it cannot: the message says what to install
 */
export async function installPrograms(): Promise<void> {
  const missing = PROGRAMS.filter((name) => findProgram(name) === undefined);
  if (missing.length === 0) return;
  const plan = planInstall(missing, await thisMachine());
  if ("advice" in plan) throw new Error(plan.advice);
  console.log(`Installing ${missing.join(", ")} for the tests`);
  for (const command of plan.commands) await run(command);
  const still = missing.filter((name) => findProgram(name) === undefined);
  if (still.length > 0) throw new Error(advise(still));
}

/** How to install `missing` on `machine`. */
export function planInstall(missing: readonly ProgramName[], machine: Machine): InstallPlan {
  const family = distributionFamily(machine.osRelease);
  if (!family || !(machine.root || machine.sudo)) return { advice: advise(missing) };
  const packages = missing.map((name) =>
    name === "chromium" && family === "ubuntu" ? "chromium-browser" : name
  );
  const asRoot = machine.root ? ["env"] : ["sudo", "-n", "env"];
  const apt = [...asRoot, "DEBIAN_FRONTEND=noninteractive", "apt-get"];
  const patient = ["-y", "-q", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3"];
  return {
    commands: [
      [...apt, "update", ...patient],
      [...apt, "install", ...patient, "--no-install-recommends", ...packages],
    ],
  };
}

/** Which names for packages hold, or undefined where there is no apt. */
function distributionFamily(osRelease: string): "debian" | "ubuntu" | undefined {
  const names = [...osRelease.matchAll(/^ID(?:_LIKE)?=(.*)$/gm)]
    .flatMap(([, value = ""]) => value.replaceAll('"', "").split(" "));
  if (names.includes("ubuntu")) return "ubuntu";
  return names.includes("debian") ? "debian" : undefined;
}

function advise(missing: readonly ProgramName[]): string {
  const brew = missing.map((name) =>
    ({ "redis-server": "redis", "nats-server": "nats-server", "chromium": "--cask chromium" })[name]
  );
  return [
    `The tests need ${missing.join(", ")}, not found on this machine. Install with`,
    `  Debian, Ubuntu (as root): apt-get update && apt-get install ${missing.join(" ")}`,
    `  macOS: ${brew.map((name) => `brew install ${name}`).join("; ")}`,
    "or put them on PATH; WAYGATE_TEST_CHROMIUM may name any Chromium or Chrome",
  ].join("\n");
}

async function thisMachine(): Promise<Machine> {
  const osRelease = await Deno.readTextFile("/etc/os-release").catch(() => "");
  const root = process.getuid?.() === 0;
  return { osRelease, root, sudo: !root && await succeeds(["sudo", "-n", "true"]) };
}

async function succeeds([command, ...args]: readonly string[]): Promise<boolean> {
  if (command === undefined) return false;
  try {
    const options = { args, stdin: "null", stdout: "null", stderr: "null" } as const;
    return (await new Deno.Command(command, options).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function run([command = "", ...args]: readonly string[]): Promise<void> {
  const { success } = await new Deno.Command(command, { args, stdin: "null" }).spawn().status;
  if (!success) throw new Error(`Failed, see above: ${[command, ...args].join(" ")}`);
}
