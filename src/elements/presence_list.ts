import type { Presence } from "../client/client.ts";
import { newElement } from "./new_element.ts";
import { compareRows, PresenceRow } from "./presence_row.ts";
import { RovingFocus } from "./roving_focus.ts";

/** How a list treats its users. */
export interface PresenceListOptions {
  /** Called when a user was chosen; without it the list is for reading only. */
  readonly onSelect: ((presence: Presence) => void) | null;
}

/** A sorted list of users, keyed by id: a change touches its own row only. */
export class PresenceList {
  /** The list element. */
  readonly element: HTMLUListElement = newElement("ul", {
    part: "list",
    role: "list",
    "aria-label": "Players",
  });
  readonly #focus = new RovingFocus(this.element);
  readonly #options: PresenceListOptions;
  readonly #rows = new Map<string, PresenceRow>();
  #sorted: PresenceRow[] = [];
  #filter = "";
  #selfId: string | null = null;

  constructor(options: PresenceListOptions) {
    this.#options = options;
  }

  /** Rows that the filter lets through. */
  get shown(): number {
    return this.#sorted.reduce((sum, { element }) => sum + Number(!element.hidden), 0);
  }

  /** Everyone in the list, in order. */
  presences(): Presence[] {
    return this.#sorted.map(({ presence }) => presence);
  }

  /** Whether the list has the user. */
  has(userId: string): boolean {
    return this.#rows.has(userId);
  }

  /** Adds users, or shows what is new about them. */
  put(presences: readonly Presence[]): void {
    const added: PresenceRow[] = [];
    const updated: PresenceRow[] = [];
    for (const presence of presences) {
      const row = this.#rows.get(presence.user_id);
      if (row === undefined) added.push(this.#newRow(presence));
      else {
        this.#update(row, presence);
        updated.push(row);
      }
    }
    // Each row finds its place by itself, unless there are so many that sorting once is less work.
    if (added.length > this.#sorted.length) this.#fill(added);
    else for (const row of added) this.#insert(row);
    this.#applyFilter(updated);
    this.#focus.refresh();
  }

  /** Takes users out. */
  remove(userIds: readonly string[]): void {
    const gone = new Set(userIds.flatMap((userId) => this.#rows.get(userId) ?? []));
    if (gone.size === 0) return;
    this.#sorted = this.#sorted.filter((row) => !gone.has(row));
    for (const { presence } of gone) this.#rows.delete(presence.user_id);
    this.#takeAway([...gone], (row) => row.element.remove());
  }

  /** Of those who are offline, keeps only so many who left last. */
  keepOffline(limit: number): void {
    const offline = this.presences().filter(({ status }) => status === "offline");
    if (offline.length <= limit) return;
    const first = offline
      .sort((left, right) => (left.last_seen ?? "") < (right.last_seen ?? "") ? -1 : 1)
      .slice(0, offline.length - limit);
    this.remove(first.map(({ user_id }) => user_id));
  }

  /** Shows only users whose name, id or location has the text in it. */
  filter(text: string): void {
    this.#filter = text.trim().toLowerCase();
    this.#applyFilter(this.#sorted);
    this.#focus.refresh();
  }

  /** Marks the user whose list this is. */
  markSelf(userId: string | null): void {
    if (userId === this.#selfId) return;
    this.#rows.get(this.#selfId ?? "")?.markSelf(false);
    this.#selfId = userId;
    this.#rows.get(userId ?? "")?.markSelf(true);
  }

  /** Time has passed. @param now in ms since 1970 */
  tick(now: number): void {
    for (const row of this.#sorted) row.tick(now);
  }

  #newRow(presence: Presence): PresenceRow {
    const { onSelect } = this.#options;
    const row = new PresenceRow(presence, onSelect !== null);
    row.markSelf(presence.user_id === this.#selfId);
    if (row.button !== null) {
      row.button.tabIndex = -1;
      row.button.addEventListener("click", () => onSelect?.(row.presence));
    }
    this.#rows.set(presence.user_id, row);
    row.element.hidden = !row.matches(this.#filter);
    return row;
  }

  #update(row: PresenceRow, presence: Presence): void {
    const moves = compareRows(row.presence, presence) !== 0;
    if (moves) this.#sorted.splice(this.#sorted.indexOf(row), 1);
    row.show(presence);
    if (moves) this.#focus.keep(row.element, () => this.#insert(row));
  }

  #applyFilter(rows: readonly PresenceRow[]): void {
    const hidden: PresenceRow[] = [];
    for (const row of rows) {
      const matches = row.matches(this.#filter);
      if (matches !== row.element.hidden) continue;
      if (matches) row.element.hidden = false;
      else hidden.push(row);
    }
    this.#takeAway(hidden, (row) => row.element.hidden = true);
  }

  /**
   * The row with the tab stop goes last: then it looks for its neighbour once, among those who stay,
   * instead of handing the focus from one row that goes to the next.
   */
  #takeAway(rows: readonly PresenceRow[], away: (row: PresenceRow) => void): void {
    let holder: PresenceRow | undefined;
    for (const row of rows) {
      if (this.#focus.holds(row.element)) holder = row;
      else away(row);
    }
    if (holder === undefined) return;
    this.#focus.leave(holder.element);
    away(holder);
  }

  #fill(added: readonly PresenceRow[]): void {
    this.#sorted = [...this.#sorted, ...added]
      .sort((left, right) => compareRows(left.presence, right.presence));
    let before: Element | null = this.element.firstElementChild;
    for (const { element } of this.#sorted) {
      if (element === before) before = before.nextElementSibling;
      else this.element.insertBefore(element, before);
    }
  }

  #insert(row: PresenceRow): void {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#sorted[middle];
      if (other !== undefined && compareRows(other.presence, row.presence) < 0) low = middle + 1;
      else high = middle;
    }
    this.element.insertBefore(row.element, this.#sorted[low]?.element ?? null);
    this.#sorted.splice(low, 0, row);
  }
}
