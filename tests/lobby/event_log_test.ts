import { launchBrowser } from "../elements/browser.ts";
import { buildLobby } from "./built_lobby.ts";
import { ScriptedLobby } from "./scripted_lobby.ts";

await buildLobby();
const browser = await launchBrowser();

Deno.test("the event log goes on when the wall clock is set back", async () => {
  await using lobby = await ScriptedLobby.open(browser);
  const { gateway, page } = lobby;
  await lobby.signIn("Ada");
  await page.locator("#log .what").filter({ hasText: "Connected to" }).waitFor();
  await page.evaluate(() => {
    const { now } = Date;
    Date.now = () => now() - 3_600_000;
  });
  gateway.announce("First");
  const first = page.locator("#log .what").filter({ hasText: "First" });
  await first.waitFor({ timeout: 10_000 });
  gateway.announce("Second");
  await page.locator("#log .what").filter({ hasText: "Second" }).waitFor({ timeout: 10_000 });
});
