const PAGE = 10;

/** What the focus moves between. */
const ITEMS = "li:not([hidden]) > button";

/**
 * One tab stop for a whole list (WAI-ARIA APG, "roving tabindex"): Tab enters and leaves it, the
 * arrow keys, Page Up, Page Down, Home and End move inside.
 */
export class RovingFocus {
  readonly #list: HTMLElement;
  #current: HTMLButtonElement | null = null;

  /** @param list its children hold a button each; hidden children are passed over */
  constructor(list: HTMLElement) {
    this.#list = list;
    list.addEventListener("keydown", (event) => this.#move(event));
    list.addEventListener("focusin", ({ target }) => {
      if (target instanceof HTMLButtonElement) this.#stopAt(target);
    });
  }

  /** The list has changed: makes sure that Tab finds a child that can be seen. */
  refresh(): void {
    const item = this.#current?.closest("li");
    if (item?.parentElement === this.#list && !item.hidden) return;
    this.#stopAt(this.#list.querySelector<HTMLButtonElement>(ITEMS));
  }

  /** Whether a child has the tab stop. */
  holds(child: HTMLElement): boolean {
    return this.#current !== null && child.contains(this.#current);
  }

  /** A child is about to go: its neighbour takes over, and the focus where it had that. */
  leave(child: HTMLElement): void {
    if (!this.holds(child)) return;
    const next = neighbour(child, "nextElementSibling") ??
      neighbour(child, "previousElementSibling");
    const focused = this.#focused() === this.#current;
    this.#stopAt(next);
    if (focused) next?.focus();
  }

  /** Runs `change`, which takes `child` out and puts it back, and gives it its focus again. */
  keep(child: HTMLElement, change: () => void): void {
    const focused = this.#focused();
    change();
    if (focused instanceof HTMLElement && child.contains(focused)) {
      focused.focus({ preventScroll: true });
    }
  }

  #stopAt(button: HTMLButtonElement | null): void {
    if (button === this.#current) return;
    if (this.#current !== null) this.#current.tabIndex = -1;
    if (button !== null) button.tabIndex = 0;
    this.#current = button;
  }

  #focused(): Element | null {
    return (this.#list.getRootNode() as ShadowRoot).activeElement;
  }

  #items(): HTMLButtonElement[] {
    return [...this.#list.querySelectorAll<HTMLButtonElement>(ITEMS)];
  }

  #move(event: KeyboardEvent): void {
    if (this.#current === null || event.altKey || event.ctrlKey || event.metaKey) return;
    const items = this.#items();
    const at = items.indexOf(this.#current);
    const last = items.length - 1;
    const targets: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + PAGE,
      PageUp: at - PAGE,
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    items[Math.max(0, Math.min(last, target))]?.focus();
  }
}

/** The button of the next child on one side that can be seen. */
function neighbour(
  child: Element,
  side: "nextElementSibling" | "previousElementSibling",
): HTMLButtonElement | null {
  let next = child[side];
  while (next instanceof HTMLElement && next.hidden) next = next[side];
  return next?.querySelector("button") ?? null;
}
