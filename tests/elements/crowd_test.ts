import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { launchBrowser } from "./browser.ts";
import { openElementPage, showPlayers } from "./element_page.ts";
import { players } from "./players.ts";
import { assertSmooth } from "./smoothness.ts";
import type { TestPage } from "./test_page.ts";

const browser = await launchBrowser();

const USERS = 500;
const CHANGES_PER_SECOND = 50;
const SECONDS = 4;

Deno.test("waygate-presence stays smooth with 500 users and 50 changes a second", async () => {
  await using opened = await openElementPage(browser, "<waygate-presence></waygate-presence>");
  const { page } = opened;
  await showPlayers(page, players(USERS));
  assert.equal(await page.locator("waygate-presence li").count(), USERS);

  await assertSmooth(page, async () => {
    // Rows are neither made nor taken out.
    assert.equal(await makeChanges(page), 0);
  });
});

/** Changes users at an even pace. @returns how often rows were made or taken out */
function makeChanges(page: Page): Promise<number> {
  return page.evaluate(async ({ changes, periodMs }) => {
    const { presence } = (globalThis as unknown as TestPage).client;
    const users = [...presence.users().values()];
    const statuses = ["online", "away", "busy"] as const;
    const list = document.querySelector("waygate-presence")?.shadowRoot?.querySelector("ul");
    let mutations = 0;
    const observer = new MutationObserver((records) => mutations += records.length);
    observer.observe(list ?? document, { childList: true });
    const change = (number: number): void => {
      const user = users[(number * 37) % users.length];
      const status = statuses[number % statuses.length];
      if (!user || !status) return;
      const last_seen = new Date().toISOString();
      const location = `zone:${number % 10}`;
      presence.update([{ ...user, status, location, last_seen, version: number + 2 }]);
    };
    let made = 0;
    const startedAt = performance.now();
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        // An interval that fell behind catches up: the pace is what counts.
        const due = Math.min(changes, Math.floor((performance.now() - startedAt) / periodMs));
        for (; made < due; made++) change(made);
        if (made < changes) return;
        clearInterval(timer);
        requestAnimationFrame(() => resolve());
      }, periodMs);
    });
    observer.disconnect();
    return mutations;
  }, { changes: CHANGES_PER_SECOND * SECONDS, periodMs: 1000 / CHANGES_PER_SECOND });
}
