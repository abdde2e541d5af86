import assert from "node:assert/strict";
import { WaygateClient } from "../../src/client/client.ts";
import { launchBrowser } from "../elements/browser.ts";
import { buildLobby } from "../lobby/built_lobby.ts";
import { startGateway } from "../support/gateway.ts";
import { until } from "../support/wait.ts";
import { LobbyVisitor } from "./lobby_visitor.ts";

await buildLobby();
const browser = await launchBrowser();

Deno.test("players see each other come, change, move, talk and leave", async () => {
  await using gateway = await startGateway();
  await using ada = await LobbyVisitor.open(browser, gateway.url);
  await ada.signIn("Ada");
  await ada.untilPlayers(["Ada (You): Online"]);
  {
    await using bea = await LobbyVisitor.open(browser, gateway.url);
    await bea.signIn("Bea");
    await ada.untilPlayers(["Ada (You): Online", "Bea: Online"]);
    await bea.untilPlayers(["Ada: Online", "Bea (You): Online"]);

    await bea.setStatus("Busy");
    await bea.goTo("zone:stormwind");
    await ada.untilPlayers(["Ada (You): Online", "Bea: Busy · zone:stormwind"]);

    await ada.page.getByRole("button", { name: /^Bea/ }).click();
    await ada.say("Are you there?");
    await bea.untilMessage("Ada to you", "Are you there?");
    await ada.untilMessage("You to Bea", "Are you there?");

    await ada.goTo("zone:stormwind");
    await bea.untilPlayers(["Ada: Online · zone:stormwind", "Bea (You): Busy · zone:stormwind"]);
    await bea.page.getByLabel("Which location").fill("zone:stormwind");
    await bea.say("Hello, everyone");
    await ada.untilMessage("Bea to everyone at zone:stormwind", "Hello, everyone");
    await bea.untilMessage("You to everyone at zone:stormwind", "Hello, everyone");
    assert.equal(await bea.page.locator("#feed .message").count(), 2, "its own message came twice");
    assert.deepEqual(bea.complaints, []);
  }
  await ada.untilPlayers(["Ada (You): Online · zone:stormwind", "Bea: Offline"]);
  assert.match(await ada.page.locator("waygate-presence .summary").innerText(), /^1 online/);
  assert.deepEqual(ada.complaints, []);
});

Deno.test("when the gateway is killed the lobby says so, and comes back by itself", async () => {
  await using gateway = await startGateway();
  await using ada = await LobbyVisitor.open(browser, gateway.url);
  await using bea = await LobbyVisitor.open(browser, gateway.url);
  await ada.signIn("Ada");
  await bea.signIn("Bea");
  await ada.setStatus("Away");
  await using cleo = await LobbyVisitor.open(browser, gateway.url);
  await cleo.signIn("Cleo");
  await ada.untilPlayers(["Ada (You): Away", "Bea: Online", "Cleo: Online"]);

  await gateway.kill();
  await ada.untilStatus("reconnecting");
  const status = ada.page.locator("waygate-status .base");
  await until(async () => /Next try in \d+ s/.test(await status.innerText()), {
    what: "the countdown",
  });
  await status.getByRole("button", { name: "Reconnect now" }).waitFor();
  assert.match(
    await status.innerText(),
    /Reconnecting\s+(The connection was lost|The game server)/,
  );
  assert.equal(await ada.page.locator("waygate-presence[stale]").count(), 1);
  // Who leaves meanwhile cannot be told so.
  await cleo.page.close();

  await gateway.restart();
  for (const visitor of [ada, bea]) await visitor.untilStatus("connected", 30_000);
  await ada.untilPlayers(["Ada (You): Away", "Bea: Online"]);
  await bea.untilPlayers(["Ada: Away", "Bea (You): Online"]);
  assert.equal(await ada.page.locator("waygate-presence[stale]").count(), 0);
  assert.equal(await status.getByRole("button").count(), 0);

  // The browser itself writes a line for each refused connection; nobody can keep it from that.
  const refused = `WebSocket connection to '${gateway.wsUrl}' failed: `;
  for (const visitor of [ada, bea]) {
    const others = visitor.complaints.filter((line) => !line.startsWith(refused));
    assert.deepEqual(others, []);
  }
});

Deno.test("Reconnect now does not wait for the countdown", async () => {
  await using gateway = await startGateway();
  await using ada = await LobbyVisitor.open(browser, gateway.url);
  await ada.signIn("Ada");
  await gateway.kill();
  const status = ada.page.locator("waygate-status .base");
  // Late enough that pressing makes a difference.
  await until(async () => /Next try in ([3-9]|\d\d) s/.test(await status.innerText()), {
    what: "a long wait",
    timeoutMs: 60_000,
  });
  await gateway.restart();
  const left = Number(/Next try in (\d+) s/.exec(await status.innerText())?.[1] ?? 0);
  const pressedAt = performance.now();
  await status.getByRole("button", { name: "Reconnect now" }).click();
  await ada.untilStatus("connected");
  const tookMs = performance.now() - pressedAt;
  assert.ok(left === 0 || tookMs < left * 1000, `${tookMs} ms with ${left} s left`);
});

Deno.test("a reload keeps who one is; signing out forgets it", async () => {
  await using gateway = await startGateway();
  await using ada = await LobbyVisitor.open(browser, gateway.url);
  await using bea = await LobbyVisitor.open(browser, gateway.url);
  await ada.signIn("Ada");
  await bea.signIn("Bea");
  await ada.page.reload();
  await ada.untilStatus("connected");
  await ada.untilPlayers(["Ada (You): Online", "Bea: Online"]);
  await ada.page.getByRole("button", { name: "Sign out" }).click();
  await ada.page.getByLabel("Your name").waitFor();
  await bea.untilPlayers(["Bea (You): Online", "Ada: Offline"]);
  await ada.page.reload();
  await ada.page.getByLabel("Your name").waitFor();
  assert.deepEqual([...ada.complaints, ...bea.complaints], []);
});

Deno.test("whoever is removed reads why, and can come back", async () => {
  await using gateway = await startGateway();
  await using ada = await LobbyVisitor.open(browser, gateway.url);
  await ada.signIn("Ada");
  const token = await gateway.token("moderator", { scope: "admin" });
  const moderator = new WaygateClient({ url: gateway.wsUrl, token });
  await moderator.connect();
  await moderator.call("system.kick", { user_id: "ada", reason: "Too loud" });
  await ada.untilStatus("closed");
  const status = ada.page.locator("waygate-status .base");
  assert.match(await status.innerText(), /Disconnected\s+You were removed .*Too loud/);
  await status.getByRole("button", { name: "Reconnect" }).click();
  await ada.untilStatus("connected");
  await ada.untilPlayers(["Ada (You): Online", "moderator: Online"]);
  await moderator.disconnect();
  assert.deepEqual(ada.complaints, []);
});
