/**
 * Which local file imports which, as Deno itself resolves it.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** For each file the files that it imports, sorted; paths are relative to the project's root. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

interface Resolved {
  readonly specifier?: string;
}

interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly { readonly code?: Resolved; readonly type?: Resolved }[];
  }[];
}

/**
 * Reads the imports of the source files in `places` (files and folders below the root; those that do not exist
 * are left out), of every kind: types, re-exports and dynamic imports too.
 */
export async function readImportGraph(places: readonly string[]): Promise<ImportGraph> {
  const files = places.flatMap((place) => [...sourceFiles(place)]);
  const info = await describe(files);
  const wanted = new Set(files);
  const graph = new Map<string, string[]>();
  for (const module of info.modules) {
    const from = localPath(module.specifier);
    if (from === undefined || !wanted.has(from)) continue;
    const targets = (module.dependencies ?? [])
      .flatMap(({ code, type }) => [code?.specifier, type?.specifier])
      .map(localPath)
      .filter((target) => target !== undefined);
    graph.set(from, [...new Set(targets)].sort());
  }
  return graph;
}

/** The first import cycle found, its first file repeated at the end, or an empty list. */
export function findCycle(graph: ImportGraph): readonly string[] {
  const done = new Set<string>();
  const path: string[] = [];
  function visit(file: string): readonly string[] {
    const start = path.indexOf(file);
    if (start >= 0) return [...path.slice(start), file];
    if (done.has(file)) return [];
    path.push(file);
    for (const target of graph.get(file) ?? []) {
      const cycle = visit(target);
      if (cycle.length > 0) return cycle;
    }
    path.pop();
    done.add(file);
    return [];
  }
  for (const file of graph.keys()) {
    const cycle = visit(file);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

function* sourceFiles(place: string): Generator<string> {
  const path = `${ROOT}${place}`;
  if (!existsSync(path)) return;
  if (Deno.statSync(path).isFile) {
    yield place;
    return;
  }
  for (const entry of Deno.readDirSync(path)) {
    if (entry.isDirectory) yield* sourceFiles(`${place}/${entry.name}`);
    else if (/\.[jt]sx?$/.test(entry.name)) yield `${place}/${entry.name}`;
  }
}

/** Asks Deno about all files at once, by way of a module that imports each of them. */
async function describe(files: readonly string[]): Promise<Info> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const lines = files.map((file) => `import ${JSON.stringify(pathToFileURL(ROOT + file).href)};`);
    await Deno.writeTextFile(entry, lines.join("\n"));
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--config", `${ROOT}deno.json`, entry],
    }).output();
    if (!success) throw new Error(`Cannot read imports: ${new TextDecoder().decode(stderr)}`);
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(entry);
  }
}

function localPath(specifier: string | undefined): string | undefined {
  if (!specifier?.startsWith("file:")) return undefined;
  return relative(ROOT, fileURLToPath(specifier)).replaceAll("\\", "/");
}
