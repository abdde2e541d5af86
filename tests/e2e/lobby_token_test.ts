import assert from "node:assert/strict";
import { launchBrowser } from "../elements/browser.ts";
import { buildLobby } from "../lobby/built_lobby.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { LobbyVisitor } from "./lobby_visitor.ts";

await buildLobby();
const browser = await launchBrowser();

Deno.test("outside development a pasted token opens the lobby, and nothing else does", async () => {
  await using gateway = await startProduction();
  await using visitor = await LobbyVisitor.open(browser, gateway.url);
  const { page } = visitor;
  assert.equal(await page.getByLabel("Your name").isVisible(), false);
  assert.equal(await page.getByRole("button", { name: /instead/ }).isVisible(), false);

  const cases: [token: string, complaint: RegExp][] = [
    ["", /Paste a token/],
    ["hello", /not a token/],
    [await gateway.token("ada", { ttl_s: -60 }), /expired/],
    [`${await gateway.token("ada")}x`, /sign-in was not accepted/],
  ];
  for (const [token, complaint] of cases) {
    await page.getByLabel("Your token").fill(token);
    await page.getByRole("button", { name: "Enter the lobby" }).click();
    await page.getByRole("alert").filter({ hasText: complaint }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.id), "token");
  }
  await page.getByLabel("Your token").fill(await gateway.token("ada", { name: "Ada" }));
  await page.getByRole("button", { name: "Enter the lobby" }).click();
  await visitor.untilStatus("connected");
  await visitor.untilPlayers(["Ada (You): Online"]);
  assert.deepEqual(visitor.complaints, []);
});

Deno.test("a token that runs out leads back to where another can be pasted", async () => {
  await using gateway = await startProduction();
  await using visitor = await LobbyVisitor.open(browser, gateway.url);
  const { page } = visitor;
  await page.getByLabel("Your token").fill(await gateway.token("ada", { ttl_s: 4 }));
  await page.getByRole("button", { name: "Enter the lobby" }).click();
  await visitor.untilStatus("connected");
  await visitor.untilStatus("closed", 20_000);
  const status = page.locator("waygate-status .base");
  assert.match(await status.innerText(), /sign-in has expired/i);
  await status.getByRole("button", { name: "Reconnect" }).click();
  await page.getByLabel("Your token").waitFor();
});

Deno.test("a gateway that gives no token says so in the form", async () => {
  await using gateway = await startGateway();
  await using visitor = await LobbyVisitor.open(browser, gateway.url);
  const { page } = visitor;
  await page.getByRole("button", { name: "Enter the lobby" }).click();
  await page.getByRole("alert").filter({ hasText: "Enter a name" }).waitFor();
  await gateway.kill();
  await page.getByLabel("Your name").fill("Ada");
  await page.getByRole("button", { name: "Enter the lobby" }).click();
  await page.getByRole("alert").filter({ hasText: "The gateway cannot be reached." }).waitFor();
});

function startProduction(): Promise<GatewayProcess> {
  return startGateway({
    development: false,
    env: { LOBBY: "on", JWT_SECRET: "a secret of this test's own, 32 bytes or more" },
  });
}
