import assert from "node:assert/strict";
import { launchBrowser } from "../elements/browser.ts";
import { player } from "../elements/players.ts";
import { until } from "../support/wait.ts";
import { buildLobby } from "./built_lobby.ts";
import { UNAVAILABLE } from "./scripted_gateway.ts";
import { ScriptedLobby } from "./scripted_lobby.ts";

await buildLobby();
const browser = await launchBrowser();
const SEND = "player.sendEvent";

Deno.test("a message is sent once, and the next can be written meanwhile", async () => {
  await using lobby = await ScriptedLobby.open(browser);
  const { gateway, page } = lobby;
  await lobby.signIn("Ada");
  const text = page.getByLabel("Message", { exact: true });
  gateway.hold(SEND);
  await text.fill("First");
  await text.press("Enter");
  assert.equal(await text.inputValue(), "");
  await text.fill("Second");
  await text.press("Enter");
  await until(() => gateway.asked(SEND).length > 0, { what: "the first message" });
  gateway.release(SEND);
  await page.locator("#feed").getByText("First").waitFor();
  assert.equal(await text.inputValue(), "Second");
  assert.equal(gateway.asked(SEND).length, 1);
  await text.press("Enter");
  await until(() => gateway.asked(SEND).length === 2, { what: "the second message" });
  const keys = new Set(gateway.asked(SEND).map((params) => params["idempotency_key"]));
  assert.equal(keys.size, 2);
  assert.deepEqual(lobby.complaints, []);
});

Deno.test("a message that failed comes back, without the focus, and keeps its key", async () => {
  await using lobby = await ScriptedLobby.open(browser);
  const { gateway, page } = lobby;
  await lobby.signIn("Ada");
  const text = page.getByLabel("Message", { exact: true });
  gateway.hold(SEND);
  gateway.errors.set(SEND, UNAVAILABLE);
  await text.fill("Hello");
  await text.press("Enter");
  await until(() => gateway.asked(SEND).length === 1, { what: "the message" });
  await page.getByLabel("Find a player").focus();
  gateway.release(SEND);
  await page.getByRole("alert").filter({ hasText: "try again" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), "people-filter");
  assert.equal(await text.inputValue(), "Hello");

  gateway.errors.clear();
  await text.press("Enter");
  await until(() => gateway.asked(SEND).length === 2, { what: "the same again" });
  const [first, second] = gateway.asked(SEND).map((params) => params["idempotency_key"]);
  assert.ok(typeof first === "string" && first === second);

  // What was begun meanwhile is worth more than what failed.
  gateway.errors.set(SEND, UNAVAILABLE);
  await text.fill("Another");
  gateway.release(SEND);
  await page.getByRole("alert").filter({ hasText: "try again" }).waitFor();
  assert.equal(await text.inputValue(), "Another");
});

Deno.test("a message to nobody, or to one of several, is not sent", async () => {
  await using lobby = await ScriptedLobby.open(browser);
  const { gateway, page } = lobby;
  const carl = { name: "Carl" };
  const gone = player("gone", { status: "offline", version: 3 });
  for (
    const one of [player("carl-1", carl), player("carl-2", carl), player("u9", { name: "Bea" })]
  ) {
    gateway.presences.set(one.user_id, one);
  }
  await lobby.signIn("Ada");
  await page.getByRole("button", { name: /^Bea/ }).waitFor();
  await page.getByLabel("To", { exact: true }).selectOption("Player");
  const say = async (target: string): Promise<void> => {
    await page.getByLabel("Which player").fill(target);
    await page.getByLabel("Message", { exact: true }).fill("Hello");
    await page.getByLabel("Message", { exact: true }).press("Enter");
  };
  const complaint = page.locator("#composer-error");
  await say("carl");
  await complaint.filter({ hasText: "Several players are called carl: choose one by id" })
    .waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), "to");
  await say("Nobody At All");
  await complaint.filter({ hasText: "There is no such player" }).waitFor();
  assert.equal(await page.getByLabel("Message", { exact: true }).inputValue(), "Hello");
  assert.deepEqual(gateway.asked(SEND), []);

  // Not in the list, but known to the gateway.
  gateway.presences.set("gone", gone);
  for (const target of ["bea", "gone", "carl-2"]) {
    const before = gateway.asked(SEND).length;
    await say(target);
    await until(() => gateway.asked(SEND).length > before, { what: `the message to ${target}` });
  }
  const targets = gateway.asked(SEND).map((params) => params["to"]);
  assert.deepEqual(targets, [{ user_id: "u9" }, { user_id: "gone" }, { user_id: "carl-2" }]);
});
