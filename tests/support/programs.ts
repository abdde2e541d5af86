/**
 * Finding the programs that tests run: servers and the browser.
 *
 * @module
 */

import { join } from "node:path";
import process from "node:process";

/** A program that the tests need. */
export type ProgramName = "redis-server" | "nats-server" | "chromium";

/** The file names that each program goes by, best first. */
const FILE_NAMES: Readonly<Record<ProgramName, readonly string[]>> = {
  "redis-server": ["redis-server"],
  "nats-server": ["nats-server"],
  "chromium": ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
};

/** Where servers live on systems that keep these folders out of an ordinary user's PATH. */
const EXTRA_FOLDERS: readonly string[] = [
  "/usr/sbin",
  "/usr/local/sbin",
  "/usr/local/bin",
  "/opt/homebrew/bin",
  "/snap/bin",
];

/** Browsers that are installed outside every bin folder. */
const MAC_BROWSERS: readonly string[] = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The program's path, or undefined when this machine has none. */
export function findProgram(name: ProgramName): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(":").filter(Boolean), ...EXTRA_FOLDERS];
  const candidates = FILE_NAMES[name].flatMap((file) =>
    folders.map((folder) => join(folder, file))
  );
  if (name === "chromium") {
    const chosen = process.env["WAYGATE_TEST_CHROMIUM"];
    if (chosen) candidates.unshift(chosen);
    candidates.push(...MAC_BROWSERS);
  }
  return candidates.find(isExecutable);
}

/**
 * The program's path.
 *
 * @throws {Error} when it is not installed: says how to install everything
 */
export function requireProgram(name: ProgramName): string {
  const path = findProgram(name);
  if (path === undefined) {
    throw new Error(`No ${name} on this machine: "deno task test" installs what tests need`);
  }
  return path;
}

function isExecutable(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && (mode === null || (mode & 0o111) !== 0);
  } catch {
    return false;
  }
}
