import type { ConnectionState, StateChange, WaygateClient } from "../client/client.ts";
import { ClientElement } from "./client_element.ts";
import { DOT_CSS } from "./dot_css.ts";
import { connectionWords, latencyWords } from "./connection_words.ts";
import { newElement, setText } from "./new_element.ts";
import { onNextFrame } from "./next_frame.ts";
import { sharedClock } from "./shared_clock.ts";
import { STATUS_CSS } from "./status_css.ts";
import { sharedStyleSheet } from "./style_sheet.ts";
import { THEME_CSS } from "./theme_css.ts";

/** The part of a client that `<waygate-status>` shows. */
export type StatusClient = Pick<
  WaygateClient,
  "state" | "reason" | "latencyMs" | "on" | "reconnectNow"
>;

const COUNTDOWN_STEP_MS = 1000;

/** The dot of each state. */
const DOTS: Readonly<Record<ConnectionState, string>> = {
  idle: "dot offline",
  connecting: "dot away",
  connected: "dot online",
  reconnecting: "dot away",
  closed: "dot busy",
};

/**
 * `<waygate-status>`: where the connection stands, in words; how fast it is; what went wrong last;
 * when the next try is, and a button for those who will not wait.
 *
 * Attributes: `state` tells the client's state, for styling. It is set by the element.
 *
 * Events: `waygate-state` when the state or its reason changed (detail: `StateChange`; bubbles);
 * `waygate-reconnect` when the button was pressed (bubbles; `preventDefault()` to do something else
 * than `client.reconnectNow()`).
 *
 * Parts: `base`, `indicator`, `label`, `latency`, `problem`, `retry`, `button`.
 */
export class WaygateStatusElement extends ClientElement<StatusClient> {
  readonly #base = newElement("div", { class: "base", part: "base" });
  readonly #indicator = newElement("span", { part: "indicator" });
  readonly #label = newElement("span", { class: "label", part: "label" });
  readonly #latency = newElement("span", { class: "latency", part: "latency" });
  readonly #problem = newElement("span", { class: "problem", part: "problem" });
  readonly #retry = newElement("span", { class: "retry", part: "retry" });
  readonly #button = newElement("button", { type: "button", part: "button" });
  readonly #render = (): void => this.#show();

  /** Shows nothing until the element is in a page. */
  constructor() {
    super();
    // Only the state and its reason are spoken: a countdown and a latency would never be quiet.
    const words = newElement("div", { role: "status" });
    words.append(this.#indicator, this.#label, " ", this.#problem);
    this.#base.append(words, this.#latency, this.#retry, this.#button);
    this.#button.addEventListener("click", () => this.#press());
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [THEME_CSS, DOT_CSS, STATUS_CSS].map(sharedStyleSheet);
    root.append(this.#base);
  }

  /** Shows where the client's connection stands, and follows it. */
  protected override attach(client: StatusClient | null, signal: AbortSignal): void {
    this.#show();
    if (client === null) return;
    let stopCountdown = (): void => {};
    const listen = (): void => {
      stopCountdown();
      stopCountdown = client.reason?.retryAtMs === undefined
        ? () => {}
        : sharedClock.every(COUNTDOWN_STEP_MS, this.#render);
    };
    listen();
    signal.addEventListener("abort", () => stopCountdown());
    client.on("latency", () => onNextFrame(this.#render), { signal });
    client.on("state", (change) => {
      listen();
      // Not on the next frame: a hidden tab has none, and its title or tests may read the state.
      this.#show();
      this.#tell(change);
    }, { signal });
  }

  #show(): void {
    const { client } = this;
    const state = client?.state ?? "idle";
    const words = connectionWords({ state, reason: client?.reason ?? null }, Date.now());
    if (this.getAttribute("state") !== state) this.setAttribute("state", state);
    this.#indicator.className = DOTS[state];
    setText(this.#label, words.label);
    this.#showText(this.#problem, words.problem);
    this.#showText(this.#retry, words.retry);
    this.#showText(
      this.#latency,
      state === "connected" ? latencyWords(client?.latencyMs ?? null) : "",
    );
    this.#showButton(
      client === null ? null : words.action,
      state === "reconnecting" && client?.reason?.retryAtMs === undefined,
    );
  }

  #showText(element: HTMLElement, text: string): void {
    setText(element, text);
    element.hidden = text === "";
  }

  /** @param busy what the button would start is under way */
  #showButton(action: string | null, busy: boolean): void {
    if (action !== null) setText(this.#button, action);
    // Not `disabled`, which would drop the focus of whoever has just pressed it.
    this.#button.setAttribute("aria-disabled", String(busy));
    const focused = action === null && this.shadowRoot?.activeElement === this.#button;
    this.#button.hidden = action === null;
    if (focused) {
      this.#base.tabIndex = -1;
      this.#base.focus({ preventScroll: true });
    }
  }

  #press(): void {
    if (this.#button.getAttribute("aria-disabled") === "true") return;
    const event = new CustomEvent("waygate-reconnect", {
      bubbles: true,
      composed: true,
      cancelable: true,
    });
    if (this.dispatchEvent(event)) this.client?.reconnectNow();
  }

  #tell(detail: StateChange): void {
    this.dispatchEvent(
      new CustomEvent<StateChange>("waygate-state", { detail, bubbles: true, composed: true }),
    );
  }
}
