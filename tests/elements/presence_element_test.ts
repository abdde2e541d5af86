import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { Presence } from "../../src/client/client.ts";
import { until } from "../support/wait.ts";
import { launchBrowser } from "./browser.ts";
import { openElementPage } from "./element_page.ts";
import { player, players } from "./players.ts";
import type { TestPage } from "./test_page.ts";

const browser = await launchBrowser();
const ELEMENT = "<waygate-presence selectable></waygate-presence>";

Deno.test("waygate-presence lists who is online by name, with status, place and time", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await update(page, [
    player("u3", { name: "player 10", status: "away", location: null }),
    player("u2", { name: "Player 2", last_seen: minutesAgo(5) }),
    player("ada", { name: "Ada", status: "busy", sessions: 2 }),
  ]);
  await setClient(page);
  assert.deepEqual(await rows(page), [
    "Ada Busy · lobby · 2 devices just now",
    "Player 2 Online · lobby 5m ago",
    "player 10 Away just now",
  ]);
  assert.match(await page.locator("waygate-presence .summary").innerText(), /^3 online/);
  assert.deepEqual(opened.complaints, []);
});

Deno.test("waygate-presence shows changes, arrivals and departures where they belong", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await setClient(page);
  await connect(page);
  assert.equal(await page.locator("waygate-presence .empty").innerText(), "Nobody is here yet");
  await update(page, [player("b"), player("d")]);
  await untilNames(page, ["b", "d"]);
  await update(page, [player("c"), player("b", { status: "away", version: 2 })]);
  await untilNames(page, ["b", "c", "d"]);
  assert.match((await rows(page))[0] ?? "", /^b Away/);
  await update(page, [player("c", { status: "offline", version: 2 }), player("a")]);
  await untilNames(page, ["a", "b", "d"]);
  await update(page, [player("a", { name: "z", version: 2 })]);
  await untilNames(page, ["b", "d", "z"]);
});

Deno.test("waygate-presence keeps a row's nodes, and its focus, through every change", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await update(page, ["a", "b", "c"].map((id) => player(id)));
  await setClient(page);
  const before = await page.locator("waygate-presence li").elementHandles();
  await page.getByRole("button", { name: /^b / }).focus();
  await update(page, [
    player("b", { name: "zoe", status: "busy", location: "zone:x", version: 2 }),
    player("0"),
  ]);
  await untilNames(page, ["0", "a", "c", "zoe"]);
  const after = await page.locator("waygate-presence li").elementHandles();
  const [oldB, newB] = [before[1], after[3]];
  assert.ok(oldB !== undefined && newB !== undefined);
  assert.equal(await page.evaluate(([x, y]) => x === y, [oldB, newB]), true);
  assert.match(await focusedName(page), /^zoe Busy · zone:x/);
});

Deno.test("waygate-presence is one tab stop, inside which the arrow keys move", async () => {
  await using opened = await openElementPage(browser, `${ELEMENT}<button>after</button>`);
  const { page } = opened;
  await update(page, ["a", "b", "c", "d"].map((id) => player(id)));
  await setClient(page);
  const moves: [string, RegExp][] = [
    ["Tab", /^a /],
    ["ArrowDown", /^b /],
    ["End", /^d /],
    ["ArrowDown", /^d /],
    ["ArrowUp", /^c /],
    ["PageUp", /^a /],
    ["ArrowDown", /^b /],
    ["Tab", /^after/],
    ["Shift+Tab", /^b /],
  ];
  for (const [key, name] of moves) {
    await page.keyboard.press(key);
    assert.match(await focusedName(page), name, key);
  }
  await update(page, [player("b", { status: "offline", version: 2 })]);
  await untilNames(page, ["a", "c", "d"]);
  assert.match(await focusedName(page), /^c /);
});

Deno.test("waygate-presence tells which user was chosen, if users can be", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await update(page, [player("a"), player("b", { name: "Bea" })]);
  await setClient(page);
  await page.evaluate(() => {
    document.body.addEventListener("waygate-select", (event) => {
      document.title = (event as CustomEvent).detail.user_id;
    });
  });
  await page.getByRole("button", { name: /^Bea/ }).click();
  assert.equal(await page.title(), "b");
  await page.evaluate(() =>
    document.querySelector("waygate-presence")?.removeAttribute("selectable")
  );
  assert.equal(await page.locator("waygate-presence button").count(), 0);
  assert.equal((await names(page)).length, 2);
});

Deno.test("waygate-presence filters by name, id and location", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await update(page, [
    player("id-1", { name: "Ada", location: "lobby" }),
    player("id-2", { name: "Bea", location: "zone:ada" }),
    player("ada-3", { name: "Cleo", location: null }),
    player("id-4", { name: "Dora" }),
  ]);
  await setClient(page);
  await filter(page, " aDa ");
  await untilNames(page, ["Ada", "Bea", "Cleo"]);
  await filter(page, "nobody");
  await untilNames(page, []);
  const empty = page.locator("waygate-presence .empty");
  await until(() => empty.isVisible(), { what: "the words for no match" });
  assert.equal(await empty.innerText(), "Nobody matches “nobody”");
  await filter(page, "");
  await untilNames(page, ["Ada", "Bea", "Cleo", "Dora"]);
});

Deno.test("waygate-presence shows one location when it is told one, and subscribes to that", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await update(page, [player("a", { location: "x" }), player("b", { location: "y" })]);
  await setClient(page);
  assert.deepEqual(await interests(page), [{ all: true }]);
  await page.evaluate(() =>
    document.querySelector("waygate-presence")?.setAttribute("location", "x")
  );
  await untilNames(page, ["a"]);
  assert.deepEqual(await interests(page), [{ locations: ["x"] }]);
  await update(page, [
    player("a", { location: "y", version: 2 }),
    player("b", { location: "x", version: 2 }),
  ]);
  await untilNames(page, ["b"]);
  await page.evaluate(() => document.querySelector("waygate-presence")?.remove());
  await until(async () => (await interests(page)).length === 0, { what: "the end of it" });
});

Deno.test("waygate-presence keeps those who leave at the end, the last 50 of them", async () => {
  await using opened = await openElementPage(
    browser,
    "<waygate-presence show-offline></waygate-presence>",
  );
  const { page } = opened;
  const crowd = players(60);
  await update(page, [player("zoe"), player("gone"), ...crowd]);
  await setClient(page);
  await update(page, [player("gone", { status: "offline", version: 2, last_seen: minutesAgo(0) })]);
  const last = page.locator("waygate-presence li").last();
  await until(async () => /gone\s*You\s+Offline/.test(await last.textContent() ?? ""), {
    what: "the row",
  });
  assert.match(await page.locator("waygate-presence .summary").innerText(), /^61 online/);
  await update(
    page,
    crowd.map((one, at) => (
      { ...one, status: "offline", version: 2, last_seen: minutesAgo(at + 1) }
    )),
  );
  await until(async () => (await names(page)).length === 51, { what: "only 50 who left" });
  const left = await names(page);
  assert.ok(left.includes("gone") && left.includes("player 48") && !left.includes("player 49"));
});

Deno.test("waygate-presence says while its list may be out of date", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await update(page, [player("a")]);
  await connect(page);
  await setClient(page);
  const element = page.locator("waygate-presence");
  await until(async () => await element.getAttribute("stale") === null, { what: "a snapshot" });
  await page.evaluate(() => (globalThis as unknown as TestPage).client.enter("reconnecting"));
  await until(async () => await element.getAttribute("stale") === "", { what: "stale" });
  await connect(page);
  await until(async () => await element.getAttribute("stale") === null, { what: "not stale" });
});

Deno.test("waygate-presence asks again when it was refused", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await page.clock.install();
  await connect(page);
  await page.evaluate(() => (globalThis as unknown as TestPage).client.presence.refusals = 2);
  await setClient(page);
  const empty = page.locator("waygate-presence .empty");
  await page.clock.runFor(4900);
  assert.deepEqual(await interests(page), []);
  assert.match(await empty.innerText(), /^Waiting for the list/);
  await page.clock.runFor(5100);
  await until(async () => (await interests(page)).length === 1, { what: "the third try" });
  await page.clock.runFor(100);
  assert.equal(await empty.innerText(), "Nobody is here yet");
});

Deno.test("waygate-presence speaks the total, but not each change", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await page.clock.install();
  await update(page, [player("a")]);
  await setClient(page);
  const spoken = page.getByRole("status");
  assert.equal(await spoken.textContent(), "1 online");
  await update(page, players(20));
  await page.clock.runFor(5000);
  assert.equal(await spoken.textContent(), "1 online");
  assert.match(await page.locator("waygate-presence .summary").innerText(), /^21 online/);
  await page.clock.runFor(6000);
  assert.equal(await spoken.textContent(), "21 online");
});

Deno.test("waygate-presence lets time pass by itself", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await page.clock.install({ time: "2026-01-01T12:00:00Z" });
  await update(page, [player("a", { last_seen: "2026-01-01T11:59:50.000Z" })]);
  await setClient(page);
  const seen = page.locator("waygate-presence time");
  assert.equal(await seen.textContent(), "just now");
  await page.clock.runFor(125_000);
  assert.equal(await seen.textContent(), "2m ago");
  assert.equal(await seen.getAttribute("datetime"), "2026-01-01T11:59:50.000Z");
});

function minutesAgo(minutes: number): string {
  return new Date(Date.now() - minutes * 60_000).toISOString();
}

function setClient(page: Page): Promise<void> {
  return page.evaluate(() => {
    const element = document.querySelector("waygate-presence");
    if (element) element.client = (globalThis as unknown as TestPage).client;
  });
}

function connect(page: Page): Promise<void> {
  return page.evaluate(() => (globalThis as unknown as TestPage).client.enter("connected"));
}

function update(page: Page, presences: readonly Presence[]): Promise<void> {
  return page.evaluate(
    (presences) => (globalThis as unknown as TestPage).client.presence.update(presences),
    presences,
  );
}

function filter(page: Page, text: string): Promise<void> {
  return page.evaluate((text) => {
    const element = document.querySelector("waygate-presence");
    if (element) element.filter = text;
  }, text);
}

function interests(page: Page): Promise<unknown[]> {
  return page.evaluate(() => (globalThis as unknown as TestPage).client.presence.interests);
}

async function rows(page: Page): Promise<string[]> {
  const texts = await page.locator("waygate-presence li:not([hidden]) .row").allInnerTexts();
  return texts.map((text) => text.split("\n").slice(1).join(" ").replace(/\s+/g, " ").trim());
}

function names(page: Page): Promise<string[]> {
  return page.locator("waygate-presence li:not([hidden]) .name").allTextContents();
}

async function untilNames(page: Page, expected: readonly string[]): Promise<void> {
  await until(async () => {
    assert.deepEqual(await names(page), expected);
    return true;
  }, { what: `the list ${expected}` });
}

function focusedName(page: Page): Promise<string> {
  return page.evaluate(() => {
    const outer = document.activeElement;
    const inner = outer?.shadowRoot?.activeElement ?? outer;
    const name = inner?.querySelector(".name, .who") === null
      ? inner
      : inner?.querySelector(".who");
    return (name as HTMLElement | null)?.innerText.replace(/\s+/g, " ") ?? "";
  });
}
