import assert from "node:assert/strict";
import { launchBrowser } from "../elements/browser.ts";
import { until } from "../support/wait.ts";
import { buildLobby } from "./built_lobby.ts";
import { ScriptedLobby } from "./scripted_lobby.ts";

await buildLobby();
const browser = await launchBrowser();
const SET_STATUS = "player.updateStatus";

Deno.test("a status that was chosen stays chosen while it is on its way", async () => {
  await using lobby = await ScriptedLobby.open(browser);
  const { gateway, page } = lobby;
  await lobby.signIn("Ada");
  const radio = (name: string) => page.getByRole("radio", { name });
  gateway.hold(SET_STATUS);
  await radio("Away").check({ force: true });
  await radio("Busy").check({ force: true });
  await until(() => gateway.asked(SET_STATUS).length === 2, { what: "both changes" });
  const card = page.locator("#my-avatar .dot");
  gateway.release(SET_STATUS);
  await page.locator("#my-avatar .dot.away").waitFor();
  assert.equal(await radio("Busy").isChecked(), true);
  gateway.release(SET_STATUS);
  await page.locator("#my-avatar .dot.busy").waitFor();
  assert.equal(await radio("Busy").isChecked(), true);
  // Nothing is on its way any more: what another device says counts.
  gateway.change({ status: "online" });
  await until(() => radio("Online").isChecked(), { what: "the other device's status" });
  assert.equal(await card.getAttribute("class"), "dot online");
});

Deno.test("the location follows another device, unless something else was typed", async () => {
  await using lobby = await ScriptedLobby.open(browser);
  const { gateway, page } = lobby;
  await lobby.signIn("Ada");
  const location = page.getByLabel("Location", { exact: true });
  await location.fill("lobby");
  await location.press("Enter");
  await until(() => gateway.asked("player.updateLocation").length === 1, { what: "the move" });
  gateway.change({ location: "arena" });
  await until(async () => await location.inputValue() === "arena", { what: "the other's move" });
  await location.fill("zone:sto");
  await page.getByLabel("Find a player").focus();
  gateway.change({ location: "tavern", status: "busy" });
  await page.locator("#my-avatar .dot.busy").waitFor();
  assert.equal(await location.inputValue(), "zone:sto");
});

Deno.test("the own card says who one is before the gateway does", async () => {
  await using lobby = await ScriptedLobby.open(browser);
  const { gateway, page } = lobby;
  await lobby.signIn("Ada Lovelace");
  gateway.away = true;
  await page.reload();
  await page.locator('waygate-status[state="reconnecting"]').waitFor();
  assert.equal(await page.locator("#my-name").textContent(), "Ada Lovelace");
  assert.equal(await page.locator("#my-id").textContent(), "ada-lovelace");
});
