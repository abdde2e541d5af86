import { existsSync } from "node:fs";
import process from "node:process";

/**
 * Makes sure that the Debian packages are there which bring `files`, installing what is missing as
 * root.
 *
 * @param files by the name of the package that brings each
 * @throws {Error} when it cannot: the message says what to install
 */
export async function requirePackages(files: Readonly<Record<string, string>>): Promise<void> {
  const missing = missingOf(files);
  if (missing.length === 0) return;
  const names = missing.join(" ");
  const advice = `The tests of the documentation need ${names}: apt-get install ${names}`;
  if (process.getuid?.() !== 0) throw new Error(advice);
  const patient = ["-y", "-q", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3"];
  await apt(["update", ...patient], advice);
  await apt(["install", ...patient, "--no-install-recommends", ...missing], advice);
  if (missingOf(files).length > 0) throw new Error(advice);
}

function missingOf(files: Readonly<Record<string, string>>): string[] {
  return Object.entries(files).filter(([, file]) => !existsSync(file)).map(([name]) => name);
}

async function apt(args: readonly string[], advice: string): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const command = new Deno.Command("apt-get", { args: [...args], env, stdin: "null" });
  const { success, stderr } = await command.output().catch(() => {
    throw new Error(advice);
  });
  if (!success) throw new Error(`${advice}\n${new TextDecoder().decode(stderr)}`);
}
