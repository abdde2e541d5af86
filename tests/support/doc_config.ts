/**
 * The configuration under which examples in the documentation are checked and run.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);

/** What is read of deno.json. */
interface DenoConfig {
  readonly name: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
  readonly compilerOptions: Readonly<Record<string, unknown>>;
}

/**
 * Writes deno.json and deno.lock anew into `folder`, anywhere, for `deno test --doc --config`, and
 * returns the configuration's path. Deno puts an import of everything that a module exports before
 * each of its examples, so the settings against unused names go; all others stay as strict as they
 * are. The project's own package names lead to its source files.
 */
export async function writeDocConfig(folder: string): Promise<string> {
  const file = `${folder}/deno.json`;
  await Deno.copyFile(new URL("deno.lock", ROOT), `${folder}/deno.lock`);
  const config: DenoConfig = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const own = Object.entries(config.exports).map(([name, path]) => [
    config.name + name.slice(1),
    new URL(path, ROOT).href,
  ]);
  const relaxed = { noUnusedLocals: false, noUnusedParameters: false };
  await Deno.writeTextFile(
    file,
    JSON.stringify({
      imports: { ...config.imports, ...Object.fromEntries(own) },
      compilerOptions: { ...config.compilerOptions, ...relaxed },
      nodeModulesDir: "none",
    }),
  );
  return file;
}
