import assert from "node:assert/strict";
import { launchBrowser } from "../elements/browser.ts";
import { buildLobby } from "./built_lobby.ts";
import { ScriptedLobby } from "./scripted_lobby.ts";

await buildLobby();
const browser = await launchBrowser();
const OPTIONS = { reducedMotion: "reduce" } as const;

Deno.test("a reload while the gateway is away says so and forgets nothing", async () => {
  await using lobby = await ScriptedLobby.open(browser, OPTIONS);
  const { page } = lobby;
  await lobby.signIn("Ada Lovelace");
  lobby.tokens = "away";
  await page.reload();
  await page.getByRole("alert").filter({ hasText: "The gateway cannot be reached." }).waitFor();
  assert.equal(await page.getByLabel("Your name").inputValue(), "Ada Lovelace");
  assert.equal(await page.getByText("Coming back…").isVisible(), false);
  assert.equal(await page.getByLabel("User id").inputValue(), "");
  lobby.tokens = 200;
  await page.reload();
  await page.locator('waygate-status[state="connected"]').waitFor();
});

Deno.test("a reload says that one is coming back while the gateway takes its time", async () => {
  await using lobby = await ScriptedLobby.open(browser, OPTIONS);
  const { gateway, page } = lobby;
  await lobby.signIn("Ada");
  gateway.greets = false;
  await page.reload();
  await page.getByText("Coming back…").waitFor();
  gateway.greet();
  await page.locator('waygate-status[state="connected"]').waitFor();
  assert.equal(await page.getByText("Coming back…").isVisible(), false);
});

Deno.test("a reload forgets an identity that is refused, and says so", async () => {
  await using lobby = await ScriptedLobby.open(browser, OPTIONS);
  const { page } = lobby;
  await lobby.signIn("Ada");
  lobby.tokens = 404;
  await page.reload();
  await page.getByRole("alert").filter({ hasText: "The gateway gave no token" }).waitFor();
  assert.equal(await page.getByLabel("Your name").inputValue(), "Ada");
  await page.reload();
  await page.getByLabel("Your name").waitFor();
  assert.equal(await page.getByLabel("Your name").inputValue(), "");
  assert.equal(await page.getByRole("alert").count(), 0);
});
