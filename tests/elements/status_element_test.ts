import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { ConnectionReason, ConnectionState } from "../../src/client/client.ts";
import { until } from "../support/wait.ts";
import { launchBrowser } from "./browser.ts";
import { openElementPage } from "./element_page.ts";
import type { TestPage } from "./test_page.ts";

const browser = await launchBrowser();
const ELEMENT = "<waygate-status></waygate-status>";

Deno.test("waygate-status says where the connection stands and reflects it", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  assert.equal(await words(page), "Not connected");
  await setClient(page);
  assert.deepEqual(await shown(page), { words: "Not connected", button: "Connect" });
  await enter(page, "connecting");
  assert.deepEqual(await shown(page), { words: "Connecting", button: null });
  await enter(page, "connected");
  assert.deepEqual(await shown(page), { words: "Connected", button: null });
  assert.equal(await page.getAttribute("waygate-status", "state"), "connected");
  await enter(page, "closed", { code: "kicked", message: "You were removed.", attempt: 0 });
  assert.deepEqual(await shown(page), {
    words: "Disconnected You were removed.",
    button: "Reconnect",
  });
  await enter(page, "closed", { code: "disconnected", message: "You left.", attempt: 0 });
  assert.equal(await words(page), "Disconnected");
  assert.deepEqual(opened.complaints, []);
});

Deno.test("waygate-status shows the round trip while connected", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await setClient(page);
  await enter(page, "connected");
  const latency = page.locator("waygate-status .latency");
  assert.equal(await latency.isVisible(), false);
  await page.evaluate(() => (globalThis as unknown as TestPage).client.measure(12.4));
  await until(async () => await latency.textContent() === "12 ms", { what: "the round trip" });
  await enter(page, "closed", { code: "kicked", message: "You were removed.", attempt: 0 });
  assert.equal(await latency.isVisible(), false);
});

Deno.test("waygate-status counts down to the next try, and its button does not wait", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await page.clock.install({ time: 0 });
  await page.clock.pauseAt(1000);
  await setClient(page);
  const reason = { code: "connection_lost", message: "It was lost.", attempt: 1 } as const;
  await enter(page, "reconnecting", { ...reason, retryAtMs: 4400 });
  const retry = page.locator("waygate-status .retry");
  assert.equal(await retry.textContent(), "Next try in 4 s");
  await page.clock.runFor(1000);
  assert.equal(await retry.textContent(), "Next try in 3 s");
  await page.clock.runFor(2000);
  assert.equal(await retry.textContent(), "Next try in 1 s");

  await page.getByRole("button", { name: "Reconnect now" }).click();
  assert.equal(await reconnects(page), 1);
  await enter(page, "reconnecting", reason);
  assert.equal(await retry.textContent(), "Trying now…");
  await page.getByRole("button", { name: "Reconnect now" }).click({ force: true });
  assert.equal(await reconnects(page), 1);
});

Deno.test("waygate-status keeps the keyboard where it was when its button goes", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await setClient(page);
  await enter(page, "closed", { code: "kicked", message: "You were removed.", attempt: 0 });
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await reconnects(page), 1);
  await enter(page, "connected");
  assert.equal(await page.evaluate(() => document.activeElement?.localName), "waygate-status");
});

Deno.test("waygate-status speaks its state once, and never its countdown or its latency", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await setClient(page);
  const spoken = page.getByRole("status");
  await page.evaluate(() => {
    const region = document.querySelector("waygate-status")?.shadowRoot?.querySelector(
      "[role=status]",
    );
    const changes: string[] = [];
    Object.assign(globalThis, { changes });
    new MutationObserver(() => changes.push(region?.textContent ?? ""))
      .observe(region ?? document, { childList: true, characterData: true, subtree: true });
  });
  const reason = { code: "connection_lost", message: "It was lost.", attempt: 1 } as const;
  for (let attempt = 1; attempt < 4; attempt++) {
    await enter(page, "reconnecting", { ...reason, attempt, retryAtMs: Date.now() + 60_000 });
    await enter(page, "reconnecting", { ...reason, attempt });
  }
  assert.match(await spoken.textContent() ?? "", /^Reconnecting\s+It was lost\.$/);
  const changes = await page.evaluate(() =>
    (globalThis as unknown as { changes: string[] }).changes
  );
  assert.equal(changes.length, 1);
});

Deno.test("waygate-status tells the page by events, and lets it answer the button", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await setClient(page);
  await page.evaluate(() => {
    const states: string[] = [];
    Object.assign(globalThis, { states });
    document.body.addEventListener("waygate-state", (event) => {
      states.push((event as CustomEvent).detail.state);
    });
    document.body.addEventListener("waygate-reconnect", (event) => event.preventDefault());
  });
  await enter(page, "connecting");
  await enter(page, "closed", { code: "unauthorized", message: "No.", attempt: 0 });
  await page.getByRole("button", { name: "Reconnect" }).click();
  const states = await page.evaluate(() => (globalThis as unknown as { states: string[] }).states);
  assert.deepEqual(states, ["connecting", "closed"]);
  assert.equal(await reconnects(page), 0);
});

Deno.test("waygate-status takes a client that was set before the element was known", async () => {
  await using opened = await openElementPage(browser, "");
  const { page } = opened;
  await page.evaluate(() => {
    const { client } = globalThis as unknown as TestPage;
    client.enter("connected");
    // An element of another document is upgraded when it comes into this one.
    const element = document.implementation.createHTMLDocument().createElement("waygate-status");
    Object.assign(element, { client });
    document.body.append(element);
  });
  assert.equal(await words(page), "Connected");
});

Deno.test("waygate-status stops to listen when it leaves the page", async () => {
  await using opened = await openElementPage(browser, ELEMENT);
  const { page } = opened;
  await setClient(page);
  const after = await page.evaluate(() => {
    const element = document.querySelector("waygate-status");
    element?.remove();
    (globalThis as unknown as TestPage).client.enter("connected");
    const away = element?.getAttribute("state");
    if (element) document.body.append(element);
    return [away, element?.getAttribute("state")];
  });
  assert.deepEqual(after, ["idle", "connected"]);
});

function setClient(page: Page): Promise<void> {
  return page.evaluate(() => {
    const element = document.querySelector("waygate-status");
    if (element) element.client = (globalThis as unknown as TestPage).client;
  });
}

function enter(page: Page, state: ConnectionState, reason?: ConnectionReason): Promise<void> {
  return page.evaluate(
    ({ reason, state }) => (globalThis as unknown as TestPage).client.enter(state, reason ?? null),
    { state, reason },
  );
}

function reconnects(page: Page): Promise<number> {
  return page.evaluate(() => (globalThis as unknown as TestPage).client.reconnects);
}

async function words(page: Page): Promise<string> {
  return (await page.getByRole("status").innerText()).replace(/\s+/g, " ").trim();
}

async function shown(page: Page): Promise<{ words: string; button: string | null }> {
  const button = page.locator("waygate-status button");
  return {
    words: await words(page),
    button: await button.isVisible() ? await button.textContent() : null,
  };
}
