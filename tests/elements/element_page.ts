import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { fileURLToPath } from "node:url";
import type { Presence } from "../../src/client/client.ts";
import { watchComplaints } from "./browser.ts";
import type { TestPage } from "./test_page.ts";

const ORIGIN = "http://elements.test";

/** As strict as the lobby's own. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
  "require-trusted-types-for 'script'; trusted-types 'none'";

/** A page with elements in it, and what it complained about. */
export interface ElementPage extends AsyncDisposable {
  readonly page: Page;
  readonly complaints: readonly string[];
}

/** Bundles a module for browsers, minified. */
export async function bundleForBrowser(path: string): Promise<string> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", "--minify", projectFile(path)],
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/**
 * Opens a page that has `body`, the elements and a stub client in the global `client`. Nothing of it
 * comes from the network.
 */
export async function openElementPage(
  browser: Browser,
  body: string,
  options: BrowserContextOptions = {},
): Promise<ElementPage> {
  script ??= bundleForBrowser("tests/elements/test_page.ts");
  const files: Readonly<Record<string, { body: string; contentType: string }>> = {
    "/": { body: html(body), contentType: "text/html; charset=utf-8" },
    "/page.css": { body: STYLE, contentType: "text/css" },
    "/favicon.ico": { body: "", contentType: "image/x-icon" },
    "/page.js": { body: await script, contentType: "text/javascript" },
  };
  const context = await browser.newContext(options);
  await context.route(`${ORIGIN}/**`, (route) => {
    const file = files[new URL(route.request().url()).pathname];
    const headers = { "Content-Security-Policy": POLICY };
    return route.fulfill(file === undefined ? { status: 404 } : { ...file, headers });
  });
  const page = await context.newPage();
  const complaints = watchComplaints(page);
  await page.goto(ORIGIN);
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

let script: Promise<string> | undefined;

const STYLE = `
:root { color-scheme: light dark; }
body { background: light-dark(#fff, #161a22); color: light-dark(#000, #fff); }
waygate-presence { height: 600px; }
`;

function html(body: string): string {
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Elements</title>
<link rel="stylesheet" href="/page.css">
<script type="module" src="/page.js"></script></head>
<body><main><h1>Elements</h1>${body}</main></body></html>`;
}

function projectFile(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** Connects the page's client, which sees these players, and gives it to `<waygate-presence>`. */
export function showPlayers(page: Page, presences: readonly Presence[]): Promise<void> {
  return page.evaluate((seen) => {
    const { client } = globalThis as unknown as TestPage;
    client.presence.update(seen);
    client.enter("connected");
    const element = document.querySelector("waygate-presence");
    if (element) element.client = client;
  }, presences);
}
