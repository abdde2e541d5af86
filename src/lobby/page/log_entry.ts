import { newElement } from "../../elements/new_element.ts";
import { clockTimeWithSeconds } from "./clock_time.ts";
import { isolatedNodes, withoutIsolates } from "./isolate.ts";
import { jsonText } from "./json_text.ts";

/** What entries are about; each can be left out. */
export type EntryKind =
  | "connection"
  | "presence"
  | "message"
  | "announcement"
  | "failure"
  | "traffic";

/** Something that happened. */
export interface LogEntry {
  readonly kind: EntryKind;
  /** A sentence; names in it are set apart by {@linkcode isolate}. */
  readonly text: string;
  /** All there is to know about it, for those who look closer. */
  readonly detail: unknown;
}

const WORDS: Readonly<Record<EntryKind, string>> = {
  connection: "Connection",
  presence: "Presence",
  message: "Message",
  announcement: "Announcement",
  failure: "Error",
  traffic: "Traffic",
};

/** An entry in the page. */
export class LogRow {
  /** The list item. */
  readonly element: HTMLLIElement;
  readonly kind: EntryKind;
  readonly #entry: LogEntry;
  #searched: string | undefined;

  /** @param at when it happened, in ms since 1970 */
  constructor(entry: LogEntry, at: number) {
    const { detail, kind, text } = entry;
    this.#entry = entry;
    this.kind = kind;
    const details = newElement(
      "details",
      {},
      newElement(
        "summary",
        {},
        newElement("time", { datetime: new Date(at).toISOString() }, clockTimeWithSeconds(at)),
        " ",
        newElement("span", { class: "kind" }, WORDS[kind]),
        " ",
        newElement("span", { class: "what" }, ...isolatedNodes(text)),
      ),
    );
    // Most entries are never opened.
    details.addEventListener("toggle", () => {
      details.append(newElement("pre", { tabindex: "0" }, jsonText(detail, 2)));
    }, { once: true });
    this.element = newElement("li", { "data-kind": kind }, details);
  }

  /** Shows the entry if its kind and its words are wanted. @param text in lower case */
  filter(kinds: ReadonlySet<EntryKind>, text: string): void {
    this.element.hidden = !kinds.has(this.kind) || !this.#matches(text);
  }

  #matches(text: string): boolean {
    if (text === "") return true;
    const { detail, text: words } = this.#entry;
    this.#searched ??= `${withoutIsolates(words)} ${JSON.stringify(detail) ?? ""}`.toLowerCase();
    return this.#searched.includes(text);
  }
}
