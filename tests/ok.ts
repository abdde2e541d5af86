/**
 * Everything that can be said about the code without running it: `deno task ok`.
 *
 * Goes through all steps even when one fails, so that a single run shows every complaint.
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";

const STEPS: readonly string[][] = [
  ["fmt", "--check"],
  ["lint"],
  ["check"],
  // Examples in the documentation of src, each a small program.
  ["test", "--doc", "--permit-no-files", "--no-prompt", "--allow-env", "src"],
  [
    "test",
    "--no-check",
    "--allow-read",
    "--allow-write",
    "--allow-run",
    "tests/import_rules_test.ts",
  ],
];

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const failed: string[] = [];
for (const args of STEPS) {
  const { success } = await new Deno.Command(Deno.execPath(), { args }).spawn().status;
  if (!success) failed.push(`deno ${args.join(" ")}`);
}
if (failed.length > 0) {
  console.error(`Not ok:\n  ${failed.join("\n  ")}`);
  Deno.exit(1);
}
console.log("ok");
