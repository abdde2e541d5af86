import type { Presence } from "../client/client.ts";
import { initials, newAvatar } from "./avatar.ts";
import { newElement, setText } from "./new_element.ts";
import { plainWords } from "./plain_words.ts";
import { relativeTime } from "./relative_time.ts";
import { STATUS_WORDS } from "./status_words.ts";

/** Orders names as people do: `player 2` before `player 10`, whatever their capitals. */
const names = new Intl.Collator("en", { sensitivity: "base", numeric: true });

/** Letters, numbers, punctuation and symbols; not spaces, marks alone, or what has no width. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** One user in the list. Its nodes stay the same for as long as the user is shown. */
export class PresenceRow {
  /** The list item. */
  readonly element: HTMLLIElement = newElement("li", { part: "user" });
  /** What is pressed to choose the user; null in a list for reading only. */
  readonly button: HTMLButtonElement | null;
  readonly #initials = newElement("span");
  readonly #dot = newElement("span", { class: "dot", part: "dot" });
  readonly #name = newElement("span", { class: "name", part: "name", dir: "auto" });
  readonly #self = newElement("span", { class: "tag", part: "self" }, "You");
  readonly #about = newElement("span", { class: "about", part: "about" });
  readonly #seen = newElement("time", { class: "seen", part: "last-seen" });
  #presence: Presence;
  #seenAtMs = NaN;

  constructor(presence: Presence, selectable: boolean) {
    this.#presence = presence;
    this.button = selectable ? newElement("button", { type: "button", class: "row" }) : null;
    const avatar = newAvatar(presence.user_id);
    avatar.append(this.#initials, this.#dot);
    const row = this.button ?? newElement("div", { class: "row" });
    row.append(
      avatar,
      newElement(
        "span",
        { class: "who" },
        newElement("span", { class: "line" }, this.#name, " ", this.#self),
        " ",
        this.#about,
      ),
      " ",
      this.#seen,
    );
    this.element.append(row);
    this.show(presence);
  }

  /** What is shown. */
  get presence(): Presence {
    return this.#presence;
  }

  /** The name in the list. */
  get displayName(): string {
    return displayName(this.#presence);
  }

  /** Shows the user's presence; touches only what is different. */
  show(presence: Presence): void {
    this.#presence = presence;
    const { location, status } = presence;
    setText(this.#initials, initials(this.displayName));
    setText(this.#name, this.displayName);
    const about = location === null ? [STATUS_WORDS[status]] : [STATUS_WORDS[status], location];
    if (presence.sessions > 1) about.push(`${presence.sessions} devices`);
    setText(this.#about, about.join(" · "));
    if (this.element.dataset["status"] !== status) {
      this.element.dataset["status"] = status;
      this.#dot.className = `dot ${status}`;
    }
    this.#showSeen(presence.last_seen);
  }

  /** Marks the user as the one who looks at the list. */
  markSelf(self: boolean): void {
    this.#self.hidden = !self;
  }

  /** Time has passed. @param now in ms since 1970 */
  tick(now: number): void {
    if (!Number.isNaN(this.#seenAtMs)) setText(this.#seen, relativeTime(this.#seenAtMs, now));
  }

  /** Whether the text, in lower case, is part of the user's name, id or location. */
  matches(text: string): boolean {
    const { location, user_id } = this.#presence;
    return text === "" || [this.displayName, user_id, location ?? ""]
      .some((value) => value.toLowerCase().includes(text));
  }

  #showSeen(lastSeen: string | null): void {
    const at = lastSeen === null ? NaN : Date.parse(lastSeen);
    this.#seen.hidden = Number.isNaN(at);
    if (Object.is(at, this.#seenAtMs)) return;
    this.#seenAtMs = at;
    if (Number.isNaN(at) || lastSeen === null) return;
    this.#seen.dateTime = lastSeen;
    this.#seen.title = `Last seen ${new Date(at).toLocaleString()}`;
    this.tick(Date.now());
  }
}

/**
 * The name to show for a user: the display name, or the id where that has nothing to see in it. No
 * name turns its letters around to look like another's.
 */
export function displayName({ name, user_id }: Pick<Presence, "name" | "user_id">): string {
  return plainWords(name !== undefined && VISIBLE.test(name) ? name : user_id);
}

/** Who comes first: those who are there, then by name; the id settles the rest. */
export function compareRows(left: Presence, right: Presence): number {
  return Number(left.status === "offline") - Number(right.status === "offline") ||
    names.compare(displayName(left), displayName(right)) ||
    (left.user_id < right.user_id ? -1 : Number(left.user_id > right.user_id));
}
