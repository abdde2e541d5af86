import { type Context, Hono } from "hono";
import { compress } from "hono/compress";
import { ErrorCode, errorMessage } from "../protocol/errors.ts";
import { type Bundle, BUNDLE_FOLDER, readBundle, SIGN_IN_PLACE } from "./bundle.ts";
import { contentSecurityPolicy } from "./content_security_policy.ts";

/** How the lobby is served. */
export interface LobbyOptions {
  /** Whether the gateway signs tokens itself, so that a name is enough to sign in. */
  readonly development: boolean;
  /** Where the built page is; `deno task lobby-build` puts it there. */
  readonly folder?: URL;
}

const NOT_BUILT =
  "The lobby has not been built: run deno task lobby-build and load this page again";

/**
 * The lobby: the page at `/`, its parts below `/lobby/`.
 *
 * The page is read on the first request for it; in development on every one, so that a new build
 * shows without a restart. Parts are named by their contents and cached for good. Needs permission
 * to read the folder; where nothing is built, `/` answers 503 and says what to do.
 */
export function createLobby({ development, folder = BUNDLE_FOLDER }: LobbyOptions): Hono {
  let bundle: Promise<Bundle | null> | null = null;

  async function load(fresh: boolean): Promise<Bundle | null> {
    if (bundle === null || fresh) bundle = readBundle(folder);
    const loaded = await bundle.catch(() => null);
    // What is missing may come.
    if (loaded === null) bundle = null;
    return loaded;
  }

  const lobby = new Hono();
  for (const path of ["/", "/lobby/*"]) lobby.use(path, compress());

  lobby.get("/", async (context) => {
    const loaded = await load(development);
    setHeaders(context);
    if (loaded === null) return notBuilt(context);
    const page = loaded.page.replaceAll(SIGN_IN_PLACE, development ? "name" : "token");
    const etag = `"${await digest(page)}"`;
    context.header("Cache-Control", "no-cache");
    context.header("ETag", etag);
    if (matches(context.req.header("If-None-Match"), etag)) return context.body(null, 304);
    return context.html(page);
  });

  lobby.get("/lobby/:name", async (context) => {
    const name = context.req.param("name");
    const asset = (await load(false))?.assets.get(name) ??
      (development ? (await load(true))?.assets.get(name) : undefined);
    if (asset === undefined) return context.notFound();
    setHeaders(context);
    context.header("Cache-Control", "public, max-age=31536000, immutable");
    context.header("Content-Type", asset.contentType);
    return context.body(asset.body);
  });

  return lobby;
}

function setHeaders(context: Context): void {
  context.header("Content-Security-Policy", contentSecurityPolicy(new URL(context.req.url).host));
  context.header("Referrer-Policy", "no-referrer");
  context.header("X-Content-Type-Options", "nosniff");
  context.header("Cross-Origin-Resource-Policy", "same-origin");
  context.header("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
}

function notBuilt(context: Context): Response {
  context.header("Cache-Control", "no-store");
  if (context.req.header("Accept")?.includes("text/html")) {
    const [problem = "", remedy = ""] = NOT_BUILT.split(": ");
    const text = `<h1>${problem}</h1><p>${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}.</p>`;
    return context.html(
      `<!DOCTYPE html><html lang="en"><title>Waygate lobby</title><main>${text}</main></html>`,
      503,
    );
  }
  const code = ErrorCode.unavailable;
  const data = { part: "lobby", reason: NOT_BUILT };
  return context.json({ error: { code, message: errorMessage(code), data } }, 503);
}

/** Weak comparison (RFC 9110 §13.1.2): whatever compresses the page makes its tag a weak one. */
function matches(header: string | undefined, etag: string): boolean {
  const tags = header?.split(",").map((tag) => tag.trim().replace(/^W\//, "")) ?? [];
  return tags.includes(etag) || tags.includes("*");
}

async function digest(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(hash).toHex().slice(0, 32);
}
