import { onNextFrame } from "../../elements/next_frame.ts";
import { find } from "./find.ts";
import { type EntryKind, type LogEntry, LogRow } from "./log_entry.ts";

/** How many entries are kept. */
const LIMIT = 300;

/** Time between two looks at what is new, in ms: nobody reads fifty lines a second. */
const PERIOD_MS = 250;

/** What has happened, the newest first; can be filtered, and paused to be read. */
export class EventLog {
  readonly #log = find("log", HTMLElement);
  readonly #empty = find("log-empty", HTMLElement);
  readonly #pause = find("pause", HTMLButtonElement);
  readonly #search = find("events-filter", HTMLInputElement);
  readonly #chips = [...document.querySelectorAll<HTMLButtonElement>(".chip[data-kind]")];
  readonly #listeners: (() => void)[] = [];
  readonly #render = (): void => this.#show();
  /** By the monotonic clock: one that is set back must not stop the log. */
  #shownAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #rows: LogRow[] = [];
  #waiting: LogRow[] = [];

  constructor() {
    for (const chip of this.#chips) {
      chip.addEventListener("click", () => {
        toggle(chip);
        for (const listener of this.#listeners) listener();
        this.#filter();
      });
    }
    this.#search.addEventListener("input", () => this.#filter());
    this.#pause.addEventListener("click", () => {
      toggle(this.#pause);
      this.#show();
    });
    find("clear", HTMLButtonElement).addEventListener("click", () => {
      this.#rows = [];
      this.#waiting = [];
      this.#log.replaceChildren();
      this.#show();
    });
  }

  /** Whether entries of a kind are shown. */
  wants(kind: EntryKind): boolean {
    return this.#kinds().has(kind);
  }

  /** Calls `listener` when other kinds are wanted. */
  onWants(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Adds an entry that happens now. */
  add(entry: LogEntry): void {
    this.#waiting.push(new LogRow(entry, Date.now()));
    if (this.#waiting.length > LIMIT) this.#waiting.shift();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      onNextFrame(this.#render);
    }, Math.max(0, this.#shownAt + PERIOD_MS - performance.now()));
  }

  #show(): void {
    this.#shownAt = performance.now();
    const paused = this.#pause.getAttribute("aria-pressed") === "true";
    const more = paused && this.#waiting.length > 0 ? ` (${this.#waiting.length} new)` : "";
    this.#pause.textContent = paused ? `Resume${more}` : "Pause";
    if (!paused) this.#take(this.#waiting.splice(0));
    this.#showEmpty();
  }

  #take(added: readonly LogRow[]): void {
    const kinds = this.#kinds();
    const text = this.#searchText();
    for (const row of added) {
      row.filter(kinds, text);
      this.#log.prepend(row.element);
    }
    this.#rows.push(...added);
    for (const { element } of this.#rows.splice(0, this.#rows.length - LIMIT)) element.remove();
  }

  #filter(): void {
    const kinds = this.#kinds();
    const text = this.#searchText();
    for (const row of this.#rows) row.filter(kinds, text);
    this.#showEmpty();
  }

  #showEmpty(): void {
    const shown = this.#rows.some(({ element }) => !element.hidden);
    this.#empty.hidden = shown;
    this.#empty.textContent = this.#rows.length === 0
      ? "Nothing has happened yet."
      : "Nothing here matches what you look for.";
  }

  #kinds(): ReadonlySet<EntryKind> {
    const pressed = this.#chips.filter((chip) => chip.getAttribute("aria-pressed") === "true");
    return new Set(pressed.map((chip) => chip.dataset["kind"] as EntryKind));
  }

  #searchText(): string {
    return this.#search.value.trim().toLowerCase();
  }
}

function toggle(button: HTMLButtonElement): void {
  button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
}
