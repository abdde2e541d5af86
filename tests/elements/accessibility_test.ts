import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { until } from "../support/wait.ts";
import { accessibilityViolations, launchBrowser } from "./browser.ts";
import { openElementPage } from "./element_page.ts";
import { player, players } from "./players.ts";
import type { TestPage } from "./test_page.ts";

const browser = await launchBrowser();

const BODY = `<waygate-status></waygate-status>
<waygate-presence selectable show-offline></waygate-presence>`;

Deno.test("axe-core finds nothing wrong with the elements, light or dark", async () => {
  // Between two schemes colours would be on their way, and be measured as they are then.
  await using opened = await openElementPage(browser, BODY, { reducedMotion: "reduce" });
  const { page } = opened;
  const check = async (what: string): Promise<void> => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await accessibilityViolations(page), [], `${what}, ${colorScheme}`);
    }
  };
  await check("without a client");
  await setClients(page);
  await check("not connected, nobody there");

  await page.evaluate((presences) => {
    const { client } = globalThis as unknown as TestPage;
    client.enter("connected");
    client.measure(12);
    client.presence.update(presences);
  }, players(40));
  await page.evaluate(
    (presence) => (globalThis as unknown as TestPage).client.presence.update([presence]),
    player("p2", { status: "offline", version: 2 }),
  );
  const left = page.locator('waygate-presence li[data-status="offline"]');
  await until(async () => await left.count() === 1, { what: "the users" });
  await check("connected");

  await page.evaluate((retryAtMs) => {
    const reason = { code: "connection_lost", message: "It was lost.", attempt: 1, retryAtMs };
    (globalThis as unknown as TestPage).client.enter("reconnecting", reason as never);
  }, Date.now() + 60_000);
  await page.locator("waygate-presence[stale]").waitFor();
  await check("reconnecting");

  await page.evaluate(() => {
    const element = document.querySelector("waygate-presence");
    if (element) element.filter = "nobody has this name";
  });
  await page.locator("waygate-presence .empty").waitFor();
  await check("nothing matches");
  assert.deepEqual(opened.complaints, []);
});

Deno.test("the elements move nothing for those who want no motion", async () => {
  await using opened = await openElementPage(browser, BODY, { reducedMotion: "reduce" });
  const { page } = opened;
  await setClients(page);
  await page.evaluate(() => (globalThis as unknown as TestPage).client.enter("connecting"));
  const running = (): Promise<number> =>
    page.evaluate(() =>
      document.querySelector("waygate-status")?.shadowRoot?.getAnimations().length ?? -1
    );
  assert.equal(await running(), 0);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  assert.equal(await running(), 1);
});

Deno.test("the elements follow the page's color-scheme, not the system's alone", async () => {
  await using opened = await openElementPage(browser, BODY, { colorScheme: "dark" });
  const { page } = opened;
  const background = (): Promise<string> =>
    page.evaluate(() => {
      const element = document.querySelector("waygate-presence");
      return element === null ? "" : getComputedStyle(element).backgroundColor;
    });
  assert.equal(await background(), "rgb(22, 26, 34)");
  await page.evaluate(() => document.documentElement.style.colorScheme = "light");
  assert.equal(await background(), "rgb(255, 255, 255)");
});

Deno.test("the elements take colours from custom properties and styles from parts", async () => {
  await using opened = await openElementPage(browser, BODY);
  const { page } = opened;
  await setClients(page);
  const styles = await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`:root { --waygate-surface: rgb(1, 2, 3); --waygate-accent: rgb(4, 5, 6); }
      waygate-status::part(button) { border-radius: 0; }`);
    document.adoptedStyleSheets = [sheet];
    const presence = document.querySelector("waygate-presence");
    const button = document.querySelector("waygate-status")?.shadowRoot?.querySelector("button");
    if (!presence || !button) return [];
    const { backgroundColor, borderRadius } = getComputedStyle(button);
    return [getComputedStyle(presence).backgroundColor, backgroundColor, borderRadius];
  });
  assert.deepEqual(styles, ["rgb(1, 2, 3)", "rgb(4, 5, 6)", "0px"]);
});

function setClients(page: Page): Promise<void> {
  return page.evaluate(() => {
    const { client } = globalThis as unknown as TestPage;
    for (const tag of ["waygate-status", "waygate-presence"] as const) {
      const element = document.querySelector(tag);
      if (element) Object.assign(element, { client });
    }
  });
}
