import { find } from "./find.ts";

/** The parts of the lobby: side by side on a wide screen, one at a time on a phone. */
export type ViewName = "people" | "messages" | "events";

/** Lets the tabs of a phone show one part at a time. */
export class Views {
  readonly #panels = document.querySelector<HTMLElement>(".panels");
  readonly #tabs = [...document.querySelectorAll<HTMLButtonElement>(".tabs [data-shows]")];
  readonly #listeners: ((name: ViewName) => void)[] = [];

  constructor() {
    for (const tab of this.#tabs) {
      tab.addEventListener("click", () => this.show(tab.dataset["shows"] as ViewName));
    }
  }

  /** Whether a part can be seen: on a wide screen all can. */
  visible(name: ViewName): boolean {
    return !document.hidden && find(name, HTMLElement).checkVisibility();
  }

  /** Shows a part; on a wide screen it is there already. */
  show(name: ViewName): void {
    if (this.#panels !== null) this.#panels.dataset["view"] = name;
    for (const tab of this.#tabs) {
      if (tab.dataset["shows"] === name) tab.setAttribute("aria-current", "true");
      else tab.removeAttribute("aria-current");
    }
    for (const listener of this.#listeners) listener(name);
  }

  /** Calls `listener` whenever a part was asked for. */
  onShow(listener: (name: ViewName) => void): void {
    this.#listeners.push(listener);
  }
}
