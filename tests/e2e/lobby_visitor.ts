import assert from "node:assert/strict";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { watchComplaints } from "../elements/browser.ts";
import { until } from "../support/wait.ts";

/** Somebody at the lobby, in a browser profile of their own. */
export class LobbyVisitor implements AsyncDisposable {
  readonly page: Page;
  /** What the browser's console complained about. */
  readonly complaints: readonly string[];

  private constructor(page: Page, complaints: readonly string[]) {
    this.page = page;
    this.complaints = complaints;
  }

  /** Opens the lobby of the gateway at `url`. */
  static async open(
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
  ): Promise<LobbyVisitor> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      ...options,
    });
    const page = await context.newPage();
    const visitor = new LobbyVisitor(page, watchComplaints(page));
    await page.goto(url);
    return visitor;
  }

  /** Signs in with a name and waits for the lobby. */
  async signIn(name: string, { admin = false } = {}): Promise<void> {
    await this.page.getByLabel("Your name").fill(name);
    if (admin) {
      await this.page.getByText("More options").click();
      await this.page.getByLabel("Administrator").check();
    }
    await this.page.getByRole("button", { name: "Enter the lobby" }).click();
    await this.untilStatus("connected");
  }

  /** Waits for a state of the connection. @param timeoutMs @default {10000} */
  async untilStatus(state: string, timeoutMs = 10_000): Promise<void> {
    await this.page.locator(`waygate-status[state="${state}"]`).waitFor({ timeout: timeoutMs });
  }

  /** Waits until the list of players reads like this, in this order. */
  async untilPlayers(expected: readonly string[]): Promise<void> {
    await until(async () => {
      assert.deepEqual(await this.#players(), expected);
      return true;
    }, { what: `the players ${expected.join(", ")}`, timeoutMs: 10_000, intervalMs: 50 });
  }

  /** Waits for a message whose text has all of this in it. */
  async untilMessage(...parts: readonly string[]): Promise<void> {
    await parts.reduce(
      (messages: Locator, hasText) => messages.filter({ hasText }),
      this.page.locator("#feed .message"),
    ).waitFor();
  }

  /** Chooses a status. */
  async setStatus(status: "Online" | "Away" | "Busy"): Promise<void> {
    await this.page.getByRole("radio", { name: status }).check({ force: true });
  }

  /** Goes to a location. */
  async goTo(location: string): Promise<void> {
    await this.page.getByLabel("Location", { exact: true }).fill(location);
    await this.page.getByRole("button", { name: "Go", exact: true }).click();
  }

  /** Writes a message to whom the composer is set to. */
  async say(text: string): Promise<void> {
    await this.page.getByLabel("Message", { exact: true }).fill(text);
    await this.page.getByRole("button", { name: "Send" }).click();
  }

  /** Leaves by closing the tab. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }

  /** Each player as `Ada (You): Online · lobby`. */
  async #players(): Promise<string[]> {
    return await this.page.locator("waygate-presence li").evaluateAll((items) =>
      items.map((item) => {
        const self = item.querySelector(".tag:not([hidden])") === null ? "" : " (You)";
        const name = item.querySelector(".name")?.textContent;
        return `${name}${self}: ${item.querySelector(".about")?.textContent}`;
      })
    );
  }
}
