/**
 * How deeply entries may be nested. JSON is read to any depth, but writing it takes stack for each
 * level: what one node can still write another could not, where more is on the stack.
 *
 * @module
 */

/** Objects and arrays within one another that a payload may have; JSON's readers have limits too. */
export const MAX_NESTING = 1000;
/** The entry around the payload. */
const MAX_LEVELS = MAX_NESTING + 1;

/** Whether the JSON of an entry is nested too deeply. A text too short for that is not looked at. */
export function isTooDeep(text: string): boolean {
  if (text.length < 2 * MAX_LEVELS) return false;
  let levels = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case "[":
      case "{":
        if (++levels > MAX_LEVELS) return true;
        break;
      case "]":
      case "}":
        levels--;
        break;
      case '"':
        at = endOfString(text, at);
        break;
    }
  }
  return false;
}

/** Where the string that begins at `start` ends. */
function endOfString(text: string, start: number): number {
  let end = start;
  do {
    end = text.indexOf('"', end + 1);
    if (end === -1) return text.length;
  } while (isEscaped(text, end));
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text[before - 1] === "\\") before--;
  return (at - before) % 2 === 1;
}
