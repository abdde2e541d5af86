/** What would order the text around it, or break its line. */
const UNSEEN = /[\p{Bidi_Control}\u0085\u2028\u2029]/gu;

/**
 * JSON for people to read: what has no shape of its own is shown as an escape.
 *
 * @param indent spaces for each level; all on one line when it is left out
 */
export function jsonText(value: unknown, indent?: number): string {
  return (JSON.stringify(value, null, indent) ?? "").replace(
    UNSEEN,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
