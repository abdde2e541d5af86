import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { launchBrowser } from "../elements/browser.ts";
import { buildLobby } from "../lobby/built_lobby.ts";
import { startGateway } from "../support/gateway.ts";
import { until } from "../support/wait.ts";
import { LobbyVisitor } from "./lobby_visitor.ts";

await buildLobby();
const browser = await launchBrowser();

Deno.test("the event log tells what happens, can be filtered, paused and cleared", async () => {
  await using gateway = await startGateway();
  await using ada = await LobbyVisitor.open(browser, gateway.url);
  await using bea = await LobbyVisitor.open(browser, gateway.url);
  const { page } = ada;
  await ada.signIn("Ada");
  await line(page, `Connected to ${gateway.nodeId}`).waitFor();
  await line(page, "1 player is online").waitFor();
  await bea.signIn("Bea");
  await line(page, "Bea came online").waitFor();
  await bea.goTo("lobby");
  await line(page, "Bea went to lobby").waitFor();

  await line(page, "Bea went to lobby").click();
  await page.locator("#log pre").filter({ hasText: '"location": "lobby"' }).waitFor();

  const presence = page.getByRole("button", { name: "Presence" });
  await presence.click();
  assert.equal(await line(page, "Bea came online").isVisible(), false);
  assert.equal(await line(page, "Connected to").isVisible(), true);
  await presence.click();
  await page.getByLabel("Find in the event log").fill("bea CAME");
  assert.equal(await lines(page).count(), 1);
  await page.getByLabel("Find in the event log").fill("nothing like it");
  await page.getByText("Nothing here matches").waitFor();
  await page.getByLabel("Find in the event log").fill("");

  await page.getByRole("button", { name: "Pause" }).click();
  await bea.setStatus("Away");
  await page.getByRole("button", { name: "Resume (1 new)" }).waitFor();
  assert.equal(await line(page, "Bea is away").count(), 0);
  await page.getByRole("button", { name: "Resume" }).click();
  await line(page, "Bea is away").waitFor();

  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByText("Nothing has happened yet").waitFor();
  await page.getByRole("button", { name: "Traffic" }).click();
  await ada.setStatus("Busy");
  await line(page, "→ player.updateStatus").waitFor();
  await until(() => lines(page).count().then((count) => count >= 2), { what: "the answer" });
  await page.getByRole("button", { name: "Traffic" }).click();
  assert.equal(await line(page, "→").isVisible(), false);
  assert.deepEqual([...ada.complaints, ...bea.complaints], []);
});

Deno.test("an administrator's announcement is shown to everyone until it is dismissed", async () => {
  await using gateway = await startGateway();
  await using ada = await LobbyVisitor.open(browser, gateway.url);
  await using bea = await LobbyVisitor.open(browser, gateway.url);
  await ada.signIn("Ada", { admin: true });
  await bea.signIn("Bea");
  assert.equal(await bea.page.locator("#to-kind option[value=everyone]").isDisabled(), true);
  await ada.page.getByLabel("To", { exact: true }).selectOption("Everyone");
  await ada.page.getByLabel("How loud").selectOption("Critical");
  await ada.say("The server restarts at ten");
  for (const { page } of [ada, bea]) {
    const banner = page.getByRole("alert").filter({ hasText: "The server restarts at ten" });
    await banner.waitFor();
    await banner.getByRole("button", { name: "Dismiss" }).click();
    await banner.waitFor({ state: "detached" });
    await line(page, "The server restarts at ten").waitFor();
  }
});

Deno.test("what cannot be is said beside where it was tried", async () => {
  await using gateway = await startGateway();
  await using ada = await LobbyVisitor.open(browser, gateway.url);
  const { page } = ada;
  await ada.signIn("Ada");
  await ada.goTo("the tavern!");
  await page.getByRole("alert").filter({ hasText: "A location has 1 to 64" }).waitFor();
  await ada.goTo("tavern");
  await ada.untilPlayers(["Ada (You): Online · tavern"]);
  assert.equal(await page.getByRole("alert").count(), 0);
  await ada.goTo("");
  await ada.untilPlayers(["Ada (You): Online"]);
  await page.getByLabel("Which location").fill("no such place!");
  await ada.say("Hello");
  await page.getByRole("alert").filter({ hasText: "Must be 1 to 64" }).waitFor();
  assert.equal(await page.getByLabel("Message", { exact: true }).inputValue(), "Hello");
  assert.deepEqual(ada.complaints, []);
});

function lines(page: Page): Locator {
  return page.locator("#log li:not([hidden])");
}

function line(page: Page, text: string): Locator {
  return page.locator("#log li").filter({ hasText: text }).first();
}
