import type { Browser, BrowserContextOptions, Page, Route } from "playwright-core";
import { createLobby } from "../../src/lobby/lobby.ts";
import { watchComplaints } from "../elements/browser.ts";
import { ScriptedGateway } from "./scripted_gateway.ts";

const ORIGIN = "http://lobby.test";

/** The built lobby in a browser, with a {@linkcode ScriptedGateway} and nothing of the network. */
export class ScriptedLobby implements AsyncDisposable {
  readonly gateway = new ScriptedGateway();
  readonly page: Page;
  readonly complaints: readonly string[];
  /** What signing a token comes to: an HTTP status, or a gateway that is away. */
  tokens: number | "away" = 200;
  readonly #lobby = createLobby({ development: true });
  #userId = "";

  private constructor(page: Page) {
    this.page = page;
    this.complaints = watchComplaints(page);
  }

  /** Opens the page. */
  static async open(browser: Browser, options: BrowserContextOptions = {}): Promise<ScriptedLobby> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      ...options,
    });
    const lobby = new ScriptedLobby(await context.newPage());
    await context.route(`${ORIGIN}/**`, (route) => lobby.#serve(route));
    await context.routeWebSocket(/\/ws$/, (socket) => lobby.gateway.connect(socket, lobby.#userId));
    await lobby.page.goto(ORIGIN);
    return lobby;
  }

  /** Signs in with a name. */
  async signIn(name: string): Promise<void> {
    await this.page.getByLabel("Your name").fill(name);
    await this.page.getByRole("button", { name: "Enter the lobby" }).click();
    await this.page.locator('waygate-status[state="connected"]').waitFor();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }

  async #serve(route: Route): Promise<void> {
    const request = route.request();
    const { pathname } = new URL(request.url());
    if (pathname === "/dev/token") return await this.#serveToken(route);
    const response = await this.#lobby.request(request.url());
    await route.fulfill({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    });
  }

  async #serveToken(route: Route): Promise<void> {
    if (this.tokens === "away") return await route.abort("connectionrefused");
    const { sub } = route.request().postDataJSON();
    this.#userId = sub;
    const exp = Math.floor(Date.now() / 1000) + 3600;
    const json = this.tokens === 200
      ? { token: unsigned({ sub, exp }) }
      : { error: { message: "Not here" } };
    await route.fulfill({ status: this.tokens, json });
  }
}

function unsigned(payload: unknown): string {
  const part = (value: unknown): string =>
    new TextEncoder().encode(JSON.stringify(value)).toBase64({ alphabet: "base64url" });
  return `${part({ alg: "HS256" })}.${part(payload)}.c2ln`;
}
