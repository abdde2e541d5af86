import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { RpcError } from "../../src/client/client.ts";
import { until } from "../support/wait.ts";
import { accessibilityViolations, launchBrowser } from "./browser.ts";
import { openElementPage, showPlayers } from "./element_page.ts";
import { player } from "./players.ts";
import type { TestPage } from "./test_page.ts";

const browser = await launchBrowser();
const ELEMENT = "<waygate-presence></waygate-presence>";
const ISSUE = { path: ["locations", 0], message: "Must be 1 to 64 of A-Z" };
const WORDS = "The server refused the list of players: locations: Must be 1 to 64 of A-Z.";

Deno.test("waygate-presence does not ask again for what can never be, and says so", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await page.clock.install();
  await refuseNext(page, 2, -32602);
  await showPlayers(page, []);
  await setLocation(page, "the tavern!");
  await until(() => opened.complaints.length === 2, { what: "a warning for each refusal" });
  await page.clock.runFor(20_000);
  assert.deepEqual(await asked(page), ["subscribe everyone", "subscribe the tavern!"]);
  assert.match(opened.complaints[1] ?? "", /Cannot subscribe/);
});

for (const code of [-32602, -32002]) {
  Deno.test(`waygate-presence says that its list was refused (${code}), and why`, async () => {
    await using opened = await openElementPage(browser, ELEMENT);
    const { page } = opened;
    await refuseNext(page, 1, code);
    await showPlayers(page, []);
    const alert = page.getByRole("alert");
    await alert.waitFor();
    assert.equal(await alert.textContent(), WORDS);
    assert.equal(await page.locator("waygate-presence .empty").isVisible(), false);
    assert.equal(await page.locator("waygate-presence").getAttribute("stale"), "");
    assert.equal(await page.locator("waygate-presence .total").textContent(), "");
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await accessibilityViolations(page), [], colorScheme);
    }
    await setLocation(page, "tavern");
    await until(async () => await alert.count() === 0, { what: "the end of it" });
    assert.equal(await page.locator("waygate-presence .empty").innerText(), "Nobody is here yet");
  });
}

Deno.test("waygate-presence can have its refusal styled", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await refuseNext(page, 1, -32602);
  await showPlayers(page, []);
  await page.getByRole("alert").waitFor();
  const color = await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("waygate-presence::part(refused) { color: rgb(1, 2, 3); }");
    document.adoptedStyleSheets = [sheet];
    const refused = document.querySelector("waygate-presence")?.shadowRoot
      ?.querySelector("[role=alert]");
    return refused ? getComputedStyle(refused).color : "";
  });
  assert.equal(color, "rgb(1, 2, 3)");
});

Deno.test("waygate-presence asks another connection for what one refused", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await refuseNext(page, 1, -32602);
  await showPlayers(page, []);
  const alert = page.getByRole("alert");
  await alert.waitFor();
  await page.evaluate(() => {
    const { client } = globalThis as unknown as TestPage;
    client.enter("reconnecting");
    client.enter("connected");
  });
  await until(async () => await alert.count() === 0, { what: "the end of it" });
  assert.deepEqual(await asked(page), ["subscribe everyone", "subscribe everyone"]);
});

Deno.test("waygate-presence says why the client's view is not whole any more", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await showPlayers(page, [player("a")]);
  await setRefusal(page, true);
  const alert = page.getByRole("alert");
  await alert.waitFor();
  assert.equal(await alert.textContent(), WORDS);
  // What was last known stays.
  assert.equal(await page.locator("waygate-presence li").count(), 1);
  await setRefusal(page, false);
  await until(async () => await alert.count() === 0, { what: "the end of it" });
});

function refuseNext(page: Page, refusals: number, code: number): Promise<void> {
  return page.evaluate(({ refusals, code, issue }) => {
    const { presence } = (globalThis as unknown as TestPage).client;
    presence.refusals = refusals;
    const error = new Error("Refused");
    const data = { issues: [issue] };
    presence.refusedWith = Object.assign(error, { name: "RpcError", code, data });
  }, { refusals, code, issue: ISSUE });
}

/** As the client's view does when the server refuses after a reconnect what it took before. */
function setRefusal(page: Page, refused: boolean): Promise<void> {
  return page.evaluate(({ refused, issue }) => {
    const { presence } = (globalThis as unknown as TestPage).client;
    const error = { name: "RpcError", code: -32602, data: { issues: [issue] } };
    presence.refusal = refused ? error as unknown as RpcError : null;
    presence.synced = !refused;
    presence.update([]);
  }, { refused, issue: ISSUE });
}

function setLocation(page: Page, location: string): Promise<void> {
  return page.evaluate((location) => {
    document.querySelector("waygate-presence")?.setAttribute("location", location);
  }, location);
}

/** What was subscribed and unsubscribed, in order. */
function asked(page: Page): Promise<string[]> {
  return page.evaluate(() => (globalThis as unknown as TestPage).client.presence.asked);
}
