/**
 * Builds the lobby: `deno task lobby-build`.
 *
 * Bundles the page's script and style, names them by their contents and writes them to dist/lobby/,
 * where the gateway reads them. Does nothing when that is up to date.
 *
 * @module
 */
import { BUNDLE_FOLDER, type Manifest, MANIFEST_FILE, readManifest } from "./bundle.ts";

const SOURCES = new URL("../", import.meta.url);
const PAGE = new URL("page/", import.meta.url);

/** Folders under src/ that the page is made of. */
const FOLDERS: readonly string[] = ["client/", "elements/", "lobby/", "protocol/"];

/** What a browser needs to be for the page to work in it. */
const PARTS = { script: "page.ts", style: "page.css" } as const;

const fingerprint = await fingerprintSources();
if ((await readManifest(BUNDLE_FOLDER))?.fingerprint !== fingerprint) await build();

async function build(): Promise<void> {
  const assets = new Map<string, Uint8Array<ArrayBuffer>>();
  let page = await Deno.readTextFile(new URL("page.html", PAGE));
  const add = async (part: string, extension: string, body: Uint8Array<ArrayBuffer>) => {
    const name = `lobby.${(await digest(body)).slice(0, 12)}.${extension}`;
    assets.set(name, body);
    page = page.replaceAll(`{{${part}}}`, name);
  };
  await add("script", "js", await bundle(PARTS.script));
  await add("style", "css", await bundle(PARTS.style));
  await add("icon", "svg", await Deno.readFile(new URL("icon.svg", PAGE)));

  await Deno.mkdir(BUNDLE_FOLDER, { recursive: true });
  for (const [name, body] of assets) await Deno.writeFile(new URL(name, BUNDLE_FOLDER), body);
  const manifest: Manifest = { fingerprint, page: "page.html", assets: [...assets.keys()] };
  await Deno.writeTextFile(new URL(manifest.page, BUNDLE_FOLDER), page);
  // Last, so that whoever finds it finds the rest.
  await Deno.writeTextFile(new URL(MANIFEST_FILE, BUNDLE_FOLDER), JSON.stringify(manifest));
  await removeOthers(manifest);
}

/** @throws {Error} the sources cannot be bundled: says why */
async function bundle(entry: string): Promise<Uint8Array<ArrayBuffer>> {
  const { errors, outputFiles } = await Deno.bundle({
    entrypoints: [new URL(entry, PAGE).href],
    outputDir: BUNDLE_FOLDER.pathname,
    platform: "browser",
    minify: true,
    write: false,
  });
  const body = outputFiles?.[0]?.contents;
  if (body === undefined || errors.length > 0) {
    throw new Error(`Bundling ${entry} failed: ${errors.map(({ text }) => text).join("; ")}`);
  }
  return new Uint8Array(body);
}

async function fingerprintSources(): Promise<string> {
  const lines = [Deno.version.deno];
  for (const folder of FOLDERS) await addFolder(new URL(folder, SOURCES), lines);
  return await digest(new TextEncoder().encode(lines.join("\n")));
}

async function addFolder(folder: URL, lines: string[]): Promise<void> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  entries.sort((left, right) => left.name < right.name ? -1 : 1);
  for (const { isDirectory, name } of entries) {
    if (isDirectory) await addFolder(new URL(`${name}/`, folder), lines);
    else lines.push(name, await digest(await Deno.readFile(new URL(name, folder))));
  }
}

async function removeOthers({ assets, page }: Manifest): Promise<void> {
  const kept = new Set([...assets, page, MANIFEST_FILE]);
  for await (const { name } of Deno.readDir(BUNDLE_FOLDER)) {
    if (!kept.has(name)) await Deno.remove(new URL(name, BUNDLE_FOLDER));
  }
}

/** SHA-256 in hexadecimal. */
async function digest(body: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", body)).toHex();
}
