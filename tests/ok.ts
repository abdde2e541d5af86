/**
 * Everything that can be said about the code without running the tests: `deno task ok`.
 *
 * Goes through all steps even when one fails, so that a single run shows every complaint.
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import { writeDocConfig } from "./support/doc_config.ts";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const temporary = await Deno.makeTempDir();
const docConfig = await writeDocConfig(temporary);

const steps: readonly string[][] = [
  ["fmt", "--check"],
  ["lint"],
  ["check"],
  // Each example in the documentation of src is a small program.
  ["test", "--doc", "--config", docConfig, "--permit-no-files", "--no-prompt", "src"],
  [
    "test",
    "--no-check",
    "--allow-read",
    "--allow-write",
    "--allow-run",
    "tests/import_rules_test.ts",
  ],
];

const failed: string[] = [];
for (const args of steps) {
  const { success } = await new Deno.Command(Deno.execPath(), { args }).spawn().status;
  if (!success) failed.push(`deno ${args.join(" ")}`);
}
await Deno.remove(temporary, { recursive: true });
if (failed.length > 0) {
  console.error(`Not ok:\n  ${failed.join("\n  ")}`);
  Deno.exit(1);
}
console.log("ok");
