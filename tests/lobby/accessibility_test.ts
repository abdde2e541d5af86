import assert from "node:assert/strict";
import type { Locator } from "playwright-core";
import { accessibilityViolations, launchBrowser } from "../elements/browser.ts";
import { buildLobby } from "./built_lobby.ts";
import { startGateway } from "../support/gateway.ts";
import { until } from "../support/wait.ts";
import { LobbyVisitor } from "../e2e/lobby_visitor.ts";

await buildLobby();
const browser = await launchBrowser();

const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1440, height: 900 };

for (const viewport of [PHONE, DESKTOP]) {
  Deno.test(`axe-core finds nothing wrong with the lobby, light or dark, ${viewport.width} px`, async () => {
    await using gateway = await startGateway();
    // Between two schemes colours would be on their way, and be measured as they are then.
    const options = { viewport, reducedMotion: "reduce" } as const;
    await using ada = await LobbyVisitor.open(browser, gateway.url, options);
    await using bea = await LobbyVisitor.open(browser, gateway.url);
    const { page } = ada;
    const check = async (what: string): Promise<void> => {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        assert.deepEqual(await accessibilityViolations(page), [], `${what}, ${colorScheme}`);
      }
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= viewport.width, `${what}: ${width} px wide`);
    };
    await check("signing in");
    await page.getByText("More options").click();
    await page.getByRole("button", { name: "Enter the lobby" }).click();
    await page.getByRole("alert").waitFor();
    await check("signing in without a name");

    await page.getByText("More options").click();
    await ada.signIn("Ada", { admin: true });
    await check("alone");
    await bea.signIn("Bea");
    await bea.setStatus("Away");
    await bea.goTo("lobby");
    await ada.untilPlayers(["Ada (You): Online", "Bea: Away · lobby"]);
    await page.getByRole("button", { name: /^Bea/ }).click();
    await ada.say("Hello");
    await bea.untilMessage("Hello");
    await bea.page.getByRole("button", { name: /^Ada/ }).click();
    await bea.say("Good morning");
    await ada.untilMessage("Good morning");
    await page.getByLabel("To", { exact: true }).selectOption("Everyone");
    await ada.say("Welcome, all of you");
    await page.locator(".banner").waitFor();
    await check("messages");
    if (viewport === PHONE) await page.getByRole("button", { name: "Events" }).click();
    await page.locator("#log summary").first().click();
    await check("events");

    await gateway.kill();
    await ada.untilStatus("reconnecting");
    if (viewport === PHONE) await page.getByRole("button", { name: "Players" }).click();
    await check("reconnecting");
  });
}

Deno.test("why there is no connection covers nothing else in the header, however wide it is", async () => {
  await using gateway = await startGateway();
  await using ada = await LobbyVisitor.open(browser, gateway.url);
  const { page } = ada;
  await ada.signIn("Ada");
  await gateway.kill();
  await ada.untilStatus("reconnecting");
  await page.getByRole("button", { name: "Reconnect now" }).waitFor();
  const parts = [".brand img", ".brand h1", "waygate-status", "#sign-out"];
  for (const width of [1440, 1100, 960, 800, 360]) {
    await page.setViewportSize({ width, height: 740 });
    const boxes = await page.evaluate(
      (selectors) =>
        selectors.map((selector) => document.querySelector(selector)?.getBoundingClientRect()),
      parts,
    );
    for (const [at, box] of boxes.entries()) {
      const covering = boxes.findIndex((other, index) => index > at && meet(box, other));
      assert.equal(covering, -1, `${parts[at]} and ${parts[covering]} meet at ${width} px`);
    }
  }
});

/** Whether two rectangles have something in common. */
function meet(a: DOMRect | undefined, b: DOMRect | undefined): boolean {
  assert.ok(a !== undefined && b !== undefined && a.width > 0 && b.width > 0);
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

Deno.test("the lobby can be used with the keyboard alone", async () => {
  await using gateway = await startGateway();
  await using ada = await LobbyVisitor.open(browser, gateway.url);
  const { keyboard } = ada.page;
  await keyboard.type("Ada");
  await keyboard.press("Enter");
  await ada.untilStatus("connected");
  await ada.untilPlayers(["Ada (You): Online"]);
  const press = async (...keys: readonly string[]): Promise<void> => {
    for (const key of keys) await keyboard.press(key);
  };
  await press("Tab", "ArrowRight");
  await ada.untilPlayers(["Ada (You): Away"]);
  await press("Tab");
  await keyboard.type("lobby");
  await press("Enter");
  await ada.untilPlayers(["Ada (You): Away · lobby"]);
  // Go, the filter, the list, in which Enter chooses a player.
  await press("Tab", "Tab", "Tab", "Enter");
  await keyboard.type("A note to myself");
  await press("Enter");
  await ada.untilMessage("A note to myself");
});

Deno.test("a phone shows one part at a time and counts what was not seen", async () => {
  await using gateway = await startGateway();
  await using ada = await LobbyVisitor.open(browser, gateway.url, { viewport: PHONE });
  await using bea = await LobbyVisitor.open(browser, gateway.url);
  await ada.signIn("Ada");
  await bea.signIn("Bea");
  const tab = ada.page.getByRole("button", { name: "Messages" });
  assert.equal(await ada.page.locator("#messages").isVisible(), false);
  await bea.page.getByRole("button", { name: /^Ada/ }).click();
  await bea.say("Hello");
  await ada.page.getByText("1 new").waitFor();
  await tab.click();
  assert.equal(await tab.getAttribute("aria-current"), "true");
  assert.equal(await ada.page.locator("#people").isVisible(), false);
  await ada.untilMessage("Bea to you", "Hello");
  assert.equal(await ada.page.getByText("1 new").isVisible(), false);
});

Deno.test("the newest message stays in sight when a phone's keyboard takes its room", async () => {
  await using gateway = await startGateway();
  await using ada = await LobbyVisitor.open(browser, gateway.url, { viewport: PHONE });
  const { page } = ada;
  await ada.signIn("Ada");
  await page.getByRole("button", { name: "Messages" }).click();
  await page.getByLabel("To", { exact: true }).selectOption("Player");
  await page.getByLabel("Which player").fill("ada");
  for (let number = 1; number <= 8; number++) {
    await ada.say(`Message ${number}`);
    await ada.untilMessage(`Message ${number}`);
  }
  // The event log has them, too.
  const feed = page.locator("#feed");
  const oldest = feed.getByText("Message 1", { exact: true });
  const newest = feed.getByText("Message 8", { exact: true });
  await page.setViewportSize({ width: PHONE.width, height: 440 });
  await until(() => isInSight(newest), { what: "the newest message" });
  await oldest.scrollIntoViewIfNeeded();
  await page.setViewportSize({ width: PHONE.width, height: 430 });
  await until(async () => await isInSight(oldest) && !await isInSight(newest), {
    what: "the message that is read to stay",
  });
});

function isInSight(message: Locator): Promise<boolean> {
  return message.evaluate((element) => {
    const { bottom, top } = element.getBoundingClientRect();
    const feed = element.closest("#feed")?.getBoundingClientRect();
    return feed !== undefined && top >= feed.top && bottom <= feed.bottom;
  });
}
