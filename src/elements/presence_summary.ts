import type { Presence, PresenceStatus } from "../client/client.ts";
import { newElement, setText } from "./new_element.ts";
import { STATUS_WORDS } from "./status_words.ts";

const COUNTED = ["online", "away", "busy"] as const satisfies readonly PresenceStatus[];

/** How many are there, in all and by status. */
export class PresenceSummary {
  /** What is seen. */
  readonly element: HTMLElement = newElement("div", { class: "summary", part: "summary" });
  /** What is spoken: a polite live region, told only when {@linkcode speak} is called. */
  readonly spoken: HTMLElement = newElement("div", { class: "spoken", role: "status" });
  readonly #total = newElement("span", { class: "total", part: "total" });
  readonly #counts = COUNTED.map((status) => ({
    status,
    item: newElement("span", { class: "count", part: "count" }),
    value: newElement("span"),
  }));

  constructor() {
    this.element.append(this.#total);
    for (const { item, status, value } of this.#counts) {
      const word = newElement("span", { class: "spoken" }, ` ${STATUS_WORDS[status]}`);
      const dot = newElement("span", { class: `dot ${status}`, title: STATUS_WORDS[status] });
      item.append(dot, value, word);
      this.element.append(" ", item);
    }
  }

  /** Counts anew. @param known whether it is known that nobody else is there */
  show(presences: readonly Presence[], known: boolean): void {
    const present = presences.filter(({ status }) => status !== "offline");
    setText(this.#total, present.length > 0 || known ? `${present.length} online` : "");
    for (const { item, status, value } of this.#counts) {
      const count = present.filter((presence) => presence.status === status).length;
      setText(value, String(count));
      item.hidden = present.length === 0;
    }
  }

  /** Tells the total to those who cannot see it; while there is none, nothing. */
  speak(): void {
    setText(this.spoken, this.#total.textContent ?? "");
  }
}
