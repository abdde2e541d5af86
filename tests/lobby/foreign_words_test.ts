/** Words of others, in whatever direction, order nothing but themselves. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { launchBrowser } from "../elements/browser.ts";
import { player } from "../elements/players.ts";
import { jsonText } from "../../src/lobby/page/json_text.ts";
import { buildLobby } from "./built_lobby.ts";
import { ScriptedLobby } from "./scripted_lobby.ts";

await buildLobby();
const browser = await launchBrowser();

/** An override, an isolate that is never closed, and the end of a paragraph. */
const TRICKS = "\u202E\u2067\u2029";
const UNSEEN = /[\u202A-\u202E\u2066-\u2069\u2029]/;

Deno.test("jsonText() shows what has no shape as an escape, and stays JSON", () => {
  const value = { [`a${TRICKS}`]: ["\u200F\u0085", "é\n"] };
  const text = jsonText(value);
  assert.equal(text, '{"a\\u202e\\u2067\\u2029":["\\u200f\\u0085","é\\n"]}');
  assert.deepEqual(JSON.parse(text), value);
  assert.equal(jsonText(undefined), "");
});

Deno.test("nothing that others write turns the lobby's own words around", async () => {
  await using lobby = await ScriptedLobby.open(browser);
  const { gateway, page } = lobby;
  const tricky = `א${TRICKS}ב`;
  gateway.presences.set("eve", player("eve", { name: `Eve ${tricky}` }));
  gateway.presences.set("nameless", player(`nameless ${tricky}`, { name: "" }));
  await lobby.signIn("Ada");
  await page.getByRole("button", { name: "Traffic" }).click();
  await page.getByRole("button", { name: /^Eve/ }).waitFor();
  gateway.tell("eve", `said ${tricky}`);
  gateway.tell(`stranger ${tricky}`, `said ${tricky}`);
  gateway.announce(`News ${tricky}`);
  gateway.send("player.event", {
    seq: 9,
    event_id: "other",
    from: "eve",
    to: { user_id: "ada" },
    type: `trade ${tricky}`,
    payload: { [tricky]: tricky },
    sent_at: new Date().toISOString(),
  });
  gateway.send("system.error", { code: -32000, message: `Failed ${tricky}` });
  gateway.send(`shop ${tricky}`, {});
  const last = page.locator('#log [data-kind="message"]').filter({ hasText: "shop" });
  await last.first().waitFor();
  await page.locator("#log details").evaluateAll((all) => {
    for (const details of all) (details as HTMLDetailsElement).open = true;
  });
  await last.locator("pre").first().waitFor();
  assert.deepEqual(await textsWith(page, UNSEEN), []);
  const apart = await page.locator("#log .what bdi").allTextContents();
  for (const word of ["trade", "shop", "said", "Failed", "News", "Eve", "stranger"]) {
    assert.ok(apart.some((text) => text.includes(`${word} א`)), `${word} is not set apart`);
  }
  assert.equal(await page.locator("#feed .text bdi").textContent(), "trade א ב");
});

/** The texts of the page that match; what somebody said has a paragraph of its own. */
function textsWith(page: Page, pattern: RegExp): Promise<string[]> {
  return page.evaluate(({ source }) => {
    const found: string[] = [];
    const look = (node: Node): void => {
      if (node instanceof HTMLElement && node.matches("#feed p[dir=auto]")) return;
      if (node instanceof Text && new RegExp(source).test(node.data)) found.push(node.data);
      node.childNodes.forEach(look);
      if (node instanceof HTMLElement) node.shadowRoot?.childNodes.forEach(look);
    };
    look(document.body);
    return found;
  }, pattern);
}
