import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { launchBrowser } from "../elements/browser.ts";
import { until } from "../support/wait.ts";
import { buildLobby } from "./built_lobby.ts";
import { ScriptedLobby } from "./scripted_lobby.ts";

await buildLobby();
const browser = await launchBrowser();

for (const viewport of [{ width: 1280, height: 800 }, { width: 360, height: 640 }]) {
  Deno.test(`long announcements leave room for the lobby, ${viewport.width} px`, async () => {
    await using lobby = await ScriptedLobby.open(browser, { viewport });
    const { gateway, page } = lobby;
    await lobby.signIn("Ada");
    const region = page.getByRole("region", { name: "Announcements" });
    assert.equal(await region.getAttribute("tabindex"), null);
    for (let number = 0; number < 3; number++) gateway.announce("Maintenance ".repeat(200));
    await page.locator(".banner").nth(2).waitFor();
    const height = (await region.boundingBox())?.height ?? Infinity;
    assert.ok(height <= viewport.height * 0.35 + 1, `${height} px high`);
    const whole = await page.evaluate(() => document.documentElement.scrollHeight);
    assert.ok(whole <= viewport.height, `${whole} px of page`);
    assert.equal(await region.getAttribute("tabindex"), "0");
    const buttons = page.getByRole("button", { name: "Dismiss" });
    while (await buttons.count() > 0) await buttons.first().click();
    assert.equal(await region.getAttribute("tabindex"), null);
  });
}

Deno.test("of too many announcements the oldest of the lowest level goes", async () => {
  await using lobby = await ScriptedLobby.open(browser);
  const { gateway, page } = lobby;
  await lobby.signIn("Ada");
  const untilBanners = (expected: readonly string[]): Promise<unknown> =>
    until(async () => {
      assert.deepEqual(await page.locator(".banner bdi").allTextContents(), expected);
      return true;
    }, { what: `the announcements ${expected}` });
  gateway.announce("critical", "critical");
  gateway.announce("info 1");
  gateway.announce("warning", "warning");
  gateway.announce("info 2");
  await untilBanners(["critical", "warning", "info 2"]);
  gateway.announce("critical 2", "critical");
  gateway.announce("critical 3", "critical");
  await untilBanners(["critical", "critical 2", "critical 3"]);
});

Deno.test("the focus goes on when its announcement goes", async () => {
  await using lobby = await ScriptedLobby.open(browser);
  const { gateway, page } = lobby;
  await lobby.signIn("Ada");
  for (const name of ["one", "two", "three"]) gateway.announce(name);
  const dismiss = page.getByRole("button", { name: "Dismiss" });
  await dismiss.nth(2).waitFor();
  await dismiss.first().focus();
  gateway.announce("four");
  await page.locator(".banner").filter({ hasText: "four" }).waitFor();
  const places: string[] = [await focusedPlace(page)];
  for (let number = 0; number < 3; number++) {
    await page.keyboard.press("Enter");
    places.push(await focusedPlace(page));
  }
  assert.deepEqual(places, ["two", "three", "four", "messages"]);
});

/** The announcement that has the focus, or the id of what has it. */
function focusedPlace(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { activeElement } = document;
    const banner = activeElement?.closest(".banner");
    return banner?.querySelector("bdi")?.textContent ?? activeElement?.id ?? "";
  });
}
