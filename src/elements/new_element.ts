/**
 * Makes an element. Text goes in as text: nothing here parses HTML, so pages that enforce Trusted
 * Types need no policy for it.
 *
 * @param tag tag name
 * @param attributes attributes by name
 * @param children nodes, or text
 */
export function newElement<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Sets an element's text unless it is that already: a live region would speak it again. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
