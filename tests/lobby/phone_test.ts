import assert from "node:assert/strict";
import { launchBrowser } from "../elements/browser.ts";
import { player } from "../elements/players.ts";
import { until } from "../support/wait.ts";
import { buildLobby } from "./built_lobby.ts";
import { ScriptedLobby } from "./scripted_lobby.ts";

await buildLobby();
const browser = await launchBrowser();
const PHONE = { viewport: { width: 360, height: 640 } };

Deno.test("on a phone, Skip to the players shows them", async () => {
  await using lobby = await ScriptedLobby.open(browser, PHONE);
  const { page } = lobby;
  await lobby.signIn("Ada");
  await page.getByRole("button", { name: "Messages" }).click();
  await page.locator("#skip").focus();
  await page.keyboard.press("Enter");
  await page.locator("#people").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), "people");
});

Deno.test("on a phone, messages are read once the tab is looked at again", async () => {
  await using lobby = await ScriptedLobby.open(browser, PHONE);
  const { gateway, page } = lobby;
  await lobby.signIn("Ada");
  await page.getByRole("button", { name: "Messages" }).click();
  const setHidden = (hidden: boolean): Promise<void> =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await setHidden(true);
  gateway.tell("bea", "Hello");
  const badge = page.getByText("1 new");
  await badge.waitFor();
  await setHidden(false);
  await badge.waitFor({ state: "hidden" });
});

Deno.test("at 320 px nothing is cut off or pushed aside", async () => {
  await using lobby = await ScriptedLobby.open(browser, { viewport: { width: 320, height: 640 } });
  const { gateway, page } = lobby;
  const longId = "x".repeat(128);
  gateway.presences.set(longId, player(longId, { location: "y".repeat(64) }));
  await lobby.signIn("Ada");
  gateway.change({ name: "Wolfeschlegelsteinhausenbergerdorff ".repeat(3), location: longId });
  gateway.tell(longId, "Hello");
  await page.locator("#my-name").filter({ hasText: "Wolfe" }).waitFor();
  for (const tab of ["Players", "Messages", "Events"]) {
    await page.getByRole("button", { name: tab, exact: false }).last().click();
    const wide = await page.evaluate(() =>
      [...document.querySelectorAll("body, .panel, .you, .segments label, .said .about, .feed")]
        .filter((element) => element.checkVisibility())
        .filter(({ clientWidth, scrollWidth }) => scrollWidth > clientWidth)
        .map(({ className }) => className)
    );
    assert.deepEqual(wide, [], tab);
  }
});

Deno.test("what is chosen can be told apart in forced colours", async () => {
  await using lobby = await ScriptedLobby.open(browser, { ...PHONE, forcedColors: "active" });
  const { page } = lobby;
  await lobby.signIn("Ada");
  const background = (selector: string): Promise<string> =>
    page.locator(selector).first().evaluate((element) => getComputedStyle(element).backgroundColor);
  assert.notEqual(
    await background(".tabs [aria-current]"),
    await background(".tabs button:not([aria-current])"),
  );
  await page.getByRole("button", { name: "Events" }).click();
  assert.notEqual(
    await background(".chip[aria-pressed=true]"),
    await background(".chip[aria-pressed=false]"),
  );
  const dots = page.locator("#log li:not([hidden]) .what");
  await until(async () => await dots.count() > 1, { what: "two lines in the log" });
  const colors = await dots.evaluateAll((dots) =>
    dots.map((dot) => getComputedStyle(dot, "::before").backgroundColor)
  );
  assert.equal(new Set(colors).size, 2);
});

Deno.test("names order nothing but themselves", async () => {
  await using lobby = await ScriptedLobby.open(browser);
  const { gateway, page } = lobby;
  const tricky = player("eve", { name: "Eve\u202E nimda" });
  gateway.presences.set("eve", tricky);
  await lobby.signIn("Ada");
  await page.getByRole("button", { name: /^Eve/ }).waitFor();
  gateway.tell("eve", "مرحبا");
  await page.locator("#feed .message strong bdi").filter({ hasText: "nimda" }).waitFor();
  assert.equal(await page.locator("#feed .text").getAttribute("dir"), "auto");
  const line = page.locator("#log .what").filter({ hasText: "مرحبا" });
  await line.waitFor();
  assert.equal(await line.textContent(), "Eve nimda: مرحبا");
  assert.deepEqual(await line.locator("bdi").allTextContents(), ["Eve nimda", "مرحبا"]);
  await page.getByLabel("Find in the event log").fill("eve nimda: م");
  assert.equal(await page.locator("#log li:not([hidden])").count(), 1);
});
