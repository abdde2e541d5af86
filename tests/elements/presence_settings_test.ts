import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { until } from "../support/wait.ts";
import { launchBrowser } from "./browser.ts";
import { openElementPage, showPlayers } from "./element_page.ts";
import { player } from "./players.ts";
import type { TestPage } from "./test_page.ts";

const browser = await launchBrowser();
const ELEMENT = "<waygate-presence selectable></waygate-presence>";

Deno.test("waygate-presence takes all that was set before the element was known", async () => {
  await using opened = await openElementPage(browser, "");
  const { page } = opened;
  const taken = await page.evaluate((presences) => {
    const { client } = globalThis as unknown as TestPage;
    client.presence.update(presences);
    // An element of another document is upgraded when it comes into this one.
    const element = document.implementation.createHTMLDocument().createElement("waygate-presence");
    Object.assign(element, {
      client,
      location: "arena",
      filter: "ada",
      selectable: true,
      showOffline: true,
    });
    document.body.append(element);
    const shadow = element.shadowRoot;
    return {
      attributes: element.getAttributeNames().sort(),
      names: [...shadow?.querySelectorAll("li:not([hidden]) button .name") ?? []]
        .map(({ textContent }) => textContent),
      interests: client.presence.interests,
    };
  }, [player("ada", { location: "arena" }), player("bea", { location: "arena" }), player("ada-2")]);
  assert.deepEqual(taken.names, ["ada"]);
  assert.deepEqual(taken.interests, [{ locations: ["arena"] }]);
  const settings = ["filter", "location", "selectable", "show-offline"];
  assert.deepEqual(settings.filter((name) => !taken.attributes.includes(name)), []);
});

Deno.test("waygate-presence keeps list, focus and subscription when show-offline changes", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await begin(page, ["a", "b", "c"]);
  await page.getByRole("button", { name: /^b / }).focus();
  await set(page, { showOffline: true });
  await update(page, player("c", { status: "offline", version: 2 }));
  await until(async () => (await page.locator("li[data-status=offline]").count()) === 1, {
    what: "who left",
  });
  assert.deepEqual(await names(page), ["a", "b", "c"]);
  await set(page, { showOffline: false });
  assert.deepEqual(await names(page), ["a", "b"]);
  assert.equal(await focusedName(page), "b");
  assert.deepEqual(await asked(page), ["subscribe everyone"]);
});

Deno.test("waygate-presence keeps its list and its subscription when selectable changes", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await begin(page, ["a", "b"]);
  await set(page, { selectable: false, showOffline: true });
  await update(page, player("b", { status: "offline", version: 2 }));
  await until(async () => (await page.locator("li[data-status=offline]").count()) === 1, {
    what: "who left",
  });
  await set(page, { selectable: true });
  assert.deepEqual(await names(page), ["a", "b"]);
  assert.equal(await page.locator("waygate-presence button").count(), 2);
  await update(page, player("a", { name: "Ada", version: 2 }));
  await until(async () => (await names(page))[0] === "Ada", { what: "the new name" });
  assert.deepEqual(await asked(page), ["subscribe everyone"]);
});

Deno.test("waygate-presence keeps who is at both when its location changes", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await begin(page, ["a", "b"]);
  await update(page, player("b", { location: "x", version: 2 }));
  await page.getByRole("button", { name: /^b / }).focus();
  await set(page, { location: "x" });
  assert.deepEqual(await names(page), ["b"]);
  assert.equal(await focusedName(page), "b");
  // In this order, or the view would be empty in between.
  assert.deepEqual(await asked(page), [
    "subscribe everyone",
    "subscribe x",
    "unsubscribe everyone",
  ]);
});

Deno.test("waygate-presence counts nobody while it does not know", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await page.evaluate(() => (globalThis as unknown as TestPage).client.presence.refusals = 1);
  const total = page.locator("waygate-presence .total");
  const spoken = page.getByRole("status");
  await begin(page, []);
  await page.locator("waygate-presence[stale]").waitFor();
  assert.equal(await total.textContent(), "");
  assert.equal(await spoken.textContent(), "");
  await set(page, { location: "x" });
  await until(async () => await total.textContent() === "0 online", { what: "an answer" });
  await page.evaluate(() => (globalThis as unknown as TestPage).client.presence.refusals = 1);
  await set(page, { location: "y" });
  await until(async () => await total.textContent() === "", { what: "nothing to be known" });
});

function begin(page: Page, ids: readonly string[]): Promise<void> {
  return showPlayers(page, ids.map((id) => player(id)));
}

function set(page: Page, properties: Readonly<Record<string, unknown>>): Promise<void> {
  return page.evaluate((properties) => {
    Object.assign(document.querySelector("waygate-presence") ?? {}, properties);
  }, properties);
}

function update(page: Page, ...presences: ReturnType<typeof player>[]): Promise<void> {
  return page.evaluate(
    (presences) => (globalThis as unknown as TestPage).client.presence.update(presences),
    presences,
  );
}

/** What was subscribed and unsubscribed, in order. */
function asked(page: Page): Promise<string[]> {
  return page.evaluate(() => (globalThis as unknown as TestPage).client.presence.asked);
}

function names(page: Page): Promise<string[]> {
  return page.locator("waygate-presence li:not([hidden]) .name").allTextContents();
}

function focusedName(page: Page): Promise<string | undefined> {
  return page.evaluate(() => {
    const row = document.querySelector("waygate-presence")?.shadowRoot?.activeElement;
    return row?.querySelector(".name")?.textContent ?? undefined;
  });
}
