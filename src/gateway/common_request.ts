/** A request object (JSON-RPC 2.0 §4) or a notification, taken apart. */
export interface RequestObject {
  /** As JSON; undefined for a notification. */
  readonly id: string | undefined;
  readonly method: string;
  readonly params: unknown;
}

const ID_FIRST = `{"jsonrpc":"2.0","id":`;
const METHOD_FIRST = `{"jsonrpc":"2.0","method":"`;
const THEN_METHOD = `,"method":"`;
const THEN_PARAMS = `","params":`;
const THEN_ID = `,"id":`;

/** So many digits are the same integer in JavaScript as written. */
const MAX_DIGITS = 15;

const QUOTE = 0x22;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const FIRST_PRINTABLE = 0x20;

/**
 * Takes a request apart that is written as most clients do: no space, the id a plain integer, and the
 * members in one of two orders. Only its params have to be parsed, and empty ones not even that.
 *
 * Whatever is given has exactly the meaning that `JSON.parse` finds: around params that are JSON by
 * themselves stands nothing but the members that were looked for.
 *
 * @returns undefined for everything else, JSON or not
 */
export function readCommonRequest(text: string): RequestObject | undefined {
  const last = text.length - 1;
  if (text.charCodeAt(last) !== CLOSING_BRACE) return undefined;
  if (text.startsWith(ID_FIRST)) {
    const idEnd = endOfDigits(text, ID_FIRST.length);
    if (!isPlainInteger(text, ID_FIRST.length, idEnd)) return undefined;
    if (!text.startsWith(THEN_METHOD, idEnd)) return undefined;
    return rest(text, text.slice(ID_FIRST.length, idEnd), idEnd + THEN_METHOD.length, last);
  }
  if (!text.startsWith(METHOD_FIRST)) return undefined;
  const idStart = startOfDigits(text, last);
  if (idStart === last) return rest(text, undefined, METHOD_FIRST.length, last);
  const membersEnd = idStart - THEN_ID.length;
  if (!text.startsWith(THEN_ID, membersEnd)) return undefined;
  if (!isPlainInteger(text, idStart, last)) return undefined;
  return rest(text, text.slice(idStart, last), METHOD_FIRST.length, membersEnd);
}

/** Reads the method's name, which begins at `start`, and the params, which end at `end`. */
function rest(
  text: string,
  id: string | undefined,
  start: number,
  end: number,
): RequestObject | undefined {
  const nameEnd = endOfName(text, start);
  if (nameEnd === undefined || !text.startsWith(THEN_PARAMS, nameEnd)) return undefined;
  const paramsStart = nameEnd + THEN_PARAMS.length;
  if (text.charCodeAt(paramsStart) !== OPENING_BRACE) return undefined;
  const method = text.slice(start, nameEnd);
  const isEmpty = end === paramsStart + 2 && text.charCodeAt(paramsStart + 1) === CLOSING_BRACE;
  if (isEmpty) return { id, method, params: {} };
  try {
    return { id, method, params: JSON.parse(text.slice(paramsStart, end)) };
  } catch {
    return undefined;
  }
}

/** Where the quote is that ends a string without escapes. */
function endOfName(text: string, start: number): number | undefined {
  for (let index = start; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === QUOTE) return index;
    if (unit < FIRST_PRINTABLE || unit === BACKSLASH) return undefined;
  }
  return undefined;
}

function endOfDigits(text: string, start: number): number {
  let end = start;
  while (isDigit(text.charCodeAt(end))) end++;
  return end;
}

function startOfDigits(text: string, end: number): number {
  let start = end;
  while (isDigit(text.charCodeAt(start - 1))) start--;
  return start;
}

/** Whether the digits are what JavaScript would write for the number that they are. */
function isPlainInteger(text: string, start: number, end: number): boolean {
  const length = end - start;
  if (length === 0 || length > MAX_DIGITS) return false;
  return length === 1 || text.charCodeAt(start) !== ZERO;
}

function isDigit(unit: number): boolean {
  return unit >= ZERO && unit <= NINE;
}
