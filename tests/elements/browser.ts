/**
 * Tests in a real Chromium.
 *
 * @module
 */

import process from "node:process";
import type { Browser, Page } from "playwright-core";
import axe from "axe-core";
import { requireProgram } from "../support/programs.ts";

/** No window, no sandbox (tests may run as root), and nothing that the browser does by itself. */
const FLAGS: readonly string[] = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts Chromium; call it at the top level of a test file, whose last test is followed by its end. */
export async function launchBrowser(): Promise<Browser> {
  // While it loads, Playwright looks below /proc whether this is Windows, which Deno allows only to
  // programs that may do everything. With this variable set it does not look.
  process.env["__IS_WSL_TEST__"] = "1";
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({
    executablePath: requireProgram("chromium"),
    args: [...FLAGS],
  });
  Deno.test.afterAll(() => browser.close());
  return browser;
}

/** What a page complains about, from now on: console errors and warnings, uncaught errors. */
export function watchComplaints(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      complaints.push(message.text());
    }
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return complaints;
}

/** What axe-core finds wrong with the page by WCAG 2.2 AA and its best practices: one line each. */
export async function accessibilityViolations(page: Page): Promise<string[]> {
  if (!await page.evaluate(() => "axe" in globalThis)) {
    // Not as a <script>, which the page's policy would refuse.
    await page.evaluate(`${axe.source}; 0`);
  }
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
      // Of the rest it says only what it must, which saves a third of the time.
      resultTypes: ["violations"],
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    })
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ failureSummary, html }) => `${id}: ${html} ${failureSummary ?? ""}`)
  );
}
