/**
 * The packages that Waygate is made with, as a CycloneDX 1.6 bill of materials: `deno task sbom`.
 * Versions and hashes come from deno.lock, licences from the packages themselves, which have to be
 * in Deno's cache (`deno install`). What the gateway runs on is `required`, the rest `excluded`.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { VERSION } from "../src/version.ts";

/** One package. */
export interface Component {
  readonly type: "library";
  readonly name: string;
  readonly version: string;
  /** Package URL. */
  readonly purl: string;
  readonly scope: "required" | "excluded";
  readonly hashes: readonly { readonly alg: "SHA-512"; readonly content: string }[];
  readonly licenses: readonly { readonly expression: string }[];
}

/** A CycloneDX document, as far as it is used here. */
export interface BillOfMaterials {
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.6";
  readonly version: 1;
  readonly metadata: { readonly component: { type: "application"; name: string; version: string } };
  readonly components: readonly Component[];
}

interface LockFile {
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
}

/** What `deno info --json` tells of the gateway. */
interface Info {
  readonly modules: readonly { readonly kind: string; readonly npmPackage?: string }[];
  /** By name, version and peers, as in the lock file. */
  readonly npmPackages: Readonly<Record<string, NpmPackage>>;
}

interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly dependencies: readonly string[];
  readonly localPath: string;
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Reads the lock file and the cache. */
export async function billOfMaterials(): Promise<BillOfMaterials> {
  const lock: LockFile = JSON.parse(await Deno.readTextFile(`${ROOT}deno.lock`));
  const info = await gatewayInfo();
  const required = requiredPackages(info);
  const components = await Promise.all(
    Object.entries(info.npmPackages).map(async ([key, found]): Promise<Component> => {
      const { name, version, localPath } = found;
      return {
        type: "library",
        name,
        version,
        purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
        scope: required.has(key) ? "required" : "excluded",
        hashes: [{ alg: "SHA-512", content: hex(lock.npm[key]?.integrity ?? "") }],
        licenses: [{ expression: await licenceOf(localPath) }],
      };
    }),
  );
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: { type: "application", name: "waygate", version: VERSION } },
    components: components.toSorted((a, b) => a.purl < b.purl ? -1 : 1),
  };
}

async function gatewayInfo(): Promise<Info> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "main.ts"],
    cwd: ROOT,
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("Cannot read what deno info says of main.ts");
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** What main.ts imports, and what that needs in turn. */
function requiredPackages({ modules, npmPackages }: Info): ReadonlySet<string> {
  const required = new Set<string>();
  const open = modules.map(({ npmPackage }) => npmPackage).filter((key) => key !== undefined);
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    if (required.has(key)) continue;
    required.add(key);
    open.push(...npmPackages[key]?.dependencies ?? []);
  }
  return required;
}

async function licenceOf(folder: string): Promise<string> {
  const { license } = JSON.parse(await Deno.readTextFile(`${folder}/package.json`));
  return typeof license === "string" ? license : license?.type ?? "NOASSERTION";
}

/** Of `sha512-<base64>`. */
function hex(integrity: string): string {
  return Buffer.from(integrity.replace(/^sha512-/, ""), "base64").toString("hex");
}

if (import.meta.main) console.log(JSON.stringify(await billOfMaterials(), undefined, 2));
