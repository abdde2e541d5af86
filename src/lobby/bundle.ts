/** The lobby as it is built: what the build writes and the server reads. */
export interface Manifest {
  /** What it was built from; the same sources need no second build. */
  readonly fingerprint: string;
  /** The page, with a place for how to sign in. */
  readonly page: string;
  /** Everything else, by names that change with the contents. */
  readonly assets: readonly string[];
}

/** A file as it is sent. */
export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

/** A built lobby in memory. */
export interface Bundle {
  readonly page: string;
  readonly assets: ReadonlyMap<string, Asset>;
}

/** Where the build puts the lobby. */
export const BUNDLE_FOLDER: URL = new URL("../../dist/lobby/", import.meta.url);

/** Name of the {@linkcode Manifest}. */
export const MANIFEST_FILE = "manifest.json";

/** Stands in the page for how to sign in. */
export const SIGN_IN_PLACE = "{{signIn}}";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/**
 * Reads the manifest.
 *
 * @returns null when nothing has been built
 */
export async function readManifest(folder: URL): Promise<Manifest | null> {
  try {
    return JSON.parse(await Deno.readTextFile(new URL(MANIFEST_FILE, folder)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/**
 * Reads a built lobby.
 *
 * @returns null when nothing has been built
 * @throws {Error} it cannot be read
 */
export async function readBundle(folder: URL): Promise<Bundle | null> {
  const manifest = await readManifest(folder);
  if (manifest === null) return null;
  const assets = new Map<string, Asset>();
  for (const name of manifest.assets) {
    const body = await Deno.readFile(new URL(name, folder));
    const extension = name.slice(name.lastIndexOf(".") + 1);
    const contentType = CONTENT_TYPES[extension] ?? "application/octet-stream";
    assets.set(name, { body, contentType });
  }
  return { page: await Deno.readTextFile(new URL(manifest.page, folder)), assets };
}
