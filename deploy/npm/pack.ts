/**
 * Makes the npm package of client and web components: `deno task pack`.
 *
 * Leaves the unpacked package and its tarball in dist/npm, which is all that the task may write to,
 * or in the folder that the script is given, and prints the tarball's path.
 *
 * @module
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "./compile.ts";

const NAME = "@waygate/client";

/** Modules that users of the package import, by the name they do it with. */
const ENTRIES: Readonly<Record<string, string>> = {
  ".": "client/client",
  "./elements": "elements/elements",
};

/**
 * The elements' tag names, for TypeScript. The sources keep them apart, since JSR takes no module
 * that changes global types; here they come with the elements.
 */
const TAG_NAMES = "elements/tag_names";

/** Importing it has an effect: it defines the elements. */
const SIDE_EFFECTS: readonly string[] = ["./elements/elements.js"];

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

function manifest(version: string, license: string): object {
  const exports = Object.fromEntries(
    Object.entries(ENTRIES).map(([name, path]) => [
      name,
      { types: `./${path}.d.ts`, default: `./${path}.js` },
    ]),
  );
  return {
    name: NAME,
    version,
    description: "Client and web components of Waygate, a real-time gateway for online games",
    license,
    type: "module",
    exports: { ...exports, "./package.json": "./package.json" },
    types: `./${ENTRIES["."]}.d.ts`,
    sideEffects: SIDE_EFFECTS,
    engines: { node: ">=20" },
  };
}

async function stage(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await compile({
    root: `${ROOT}src`,
    entries: [...Object.values(ENTRIES), TAG_NAMES].map((path) => `${ROOT}src/${path}.ts`),
    out: folder,
    renamed: { [`${name}/elements`]: `${NAME}/elements`, [`${name}/client`]: NAME },
  });
  const elements = `${folder}/elements/elements.d.ts`;
  await Deno.writeTextFile(elements, 'import "./tag_names.js";\n', { append: true });
  const text = JSON.stringify(manifest(version, license), null, 2);
  await Deno.writeTextFile(`${folder}/package.json`, `${text}\n`);
  await Deno.copyFile(`${ROOT}LICENSE`, `${folder}/LICENSE`);
  await Deno.copyFile(`${ROOT}deploy/npm/package_readme.md`, `${folder}/README.md`);
  return version;
}

const out = resolve(Deno.args[0] ?? `${ROOT}dist/npm`);
// The name of the folder is what npm wants a tarball's contents to be in.
const version = await stage(`${out}/package`);
const tarball = `${out}/${NAME.replace("@", "").replace("/", "-")}-${version}.tgz`;
const { success, stderr } = await new Deno.Command("tar", {
  args: ["-czf", tarball, "-C", out, "package"],
}).output();
if (!success) throw new Error(`tar failed: ${new TextDecoder().decode(stderr)}`);
console.log(tarball);
