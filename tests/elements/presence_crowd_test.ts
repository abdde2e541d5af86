import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { until } from "../support/wait.ts";
import { launchBrowser } from "./browser.ts";
import { openElementPage } from "./element_page.ts";
import { player, players } from "./players.ts";
import type { TestPage } from "./test_page.ts";

const browser = await launchBrowser();
const ELEMENT = "<waygate-presence selectable></waygate-presence>";
const CROWD = 500;

/** However many rows go at once: the tab stop goes to one that stays, and not over all of them. */
const MOST_MOVES = 2;

Deno.test("waygate-presence hands the tab stop on once when a filter hides a crowd", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await begin(page);
  await page.keyboard.press("Tab");
  await countMoves(page);
  await page.evaluate((last) => {
    const element = document.querySelector("waygate-presence");
    if (element) element.filter = last;
  }, `player ${CROWD - 1}`);
  assert.equal(await page.locator("waygate-presence li:not([hidden])").count(), 1);
  assert.equal(await focusedName(page), `player ${CROWD - 1}`);
  assert.ok(await moves(page) <= MOST_MOVES);
});

Deno.test("waygate-presence hands the focus on once when a crowd leaves", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await begin(page);
  await page.keyboard.press("Tab");
  await countMoves(page);
  await page.evaluate((presences) => {
    (globalThis as unknown as TestPage).client.presence.update(presences);
  }, players(CROWD - 1).map((one) => player(one.user_id, { status: "offline", version: 2 })));
  await until(async () => await page.locator("waygate-presence li").count() === 1, {
    what: "all but one to leave",
  });
  assert.equal(await focusedName(page), `player ${CROWD - 1}`);
  assert.ok(await moves(page) <= MOST_MOVES);
});

async function begin(page: Page): Promise<void> {
  await page.evaluate((presences) => {
    const { client } = globalThis as unknown as TestPage;
    client.presence.update(presences);
    const element = document.querySelector("waygate-presence");
    if (element) element.client = client;
  }, players(CROWD));
}

/** Counts how often a row gets the tab stop or the focus, from now on. */
function countMoves(page: Page): Promise<void> {
  return page.evaluate(() => {
    const counted = { moves: 0 };
    const list = document.querySelector("waygate-presence")?.shadowRoot?.querySelector("ul");
    list?.addEventListener("focusin", () => counted.moves++);
    new MutationObserver((records) => {
      counted.moves += records.filter(({ target }) =>
        (target as HTMLElement).tabIndex === 0
      ).length;
    }).observe(list ?? document, { attributeFilter: ["tabindex"], subtree: true });
    Object.assign(globalThis, { counted });
  });
}

function moves(page: Page): Promise<number> {
  return page.evaluate(() =>
    (globalThis as unknown as { counted: { moves: number } }).counted.moves
  );
}

function focusedName(page: Page): Promise<string | undefined> {
  return page.evaluate(() => {
    const row = document.querySelector("waygate-presence")?.shadowRoot?.activeElement;
    return row?.querySelector(".name")?.textContent ?? undefined;
  });
}
