/**
 * What the runtime itself needs of the environment, for processes that a test starts with nothing
 * else in theirs.
 *
 * @module
 */
import process from "node:process";

const NEEDED = ["HOME", "PATH", "DENO_DIR"];

/** The variables by which a process of Deno finds the packages that are fetched already. */
export function runtimeEnvironment(): Record<string, string> {
  const entries = NEEDED.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
