/**
 * Takes what only tests, tools and the documentation import out of deno.json, in the image's build:
 * Deno fetches whatever stands there. The versions in deno.lock stay as they are.
 *
 *   deno run --allow-read=. --allow-write=deno.json deploy/production_imports.ts
 *
 * @module
 */

/** Source files of the image. */
const FOLDERS = ["src", "deploy/redis_rest"];

const config: { imports: Record<string, string> } = JSON.parse(
  await Deno.readTextFile("deno.json"),
);
const used = await usedPackages();
const kept = Object.entries(config.imports).filter(([name]) => used.has(name));
await Deno.writeTextFile(
  "deno.json",
  JSON.stringify({ ...config, imports: Object.fromEntries(kept) }, null, 2),
);

/** The packages that sources import, without what they take from inside them. */
async function usedPackages(): Promise<Set<string>> {
  const names = new Set<string>();
  const texts = [await Deno.readTextFile("main.ts")];
  for (const folder of FOLDERS) texts.push(...await sources(folder));
  for (const text of texts) {
    for (const [, specifier = ""] of text.matchAll(/\b(?:from|import)\s*\(?\s*"([^"./][^":]*)"/g)) {
      const [scope = "", name = ""] = specifier.split("/");
      names.add(scope.startsWith("@") ? `${scope}/${name}` : scope);
    }
  }
  return names;
}

async function sources(folder: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (!isFile) texts.push(...await sources(path));
    else if (name.endsWith(".ts")) texts.push(await Deno.readTextFile(path));
  }
  return texts;
}
