/** A request object of JSON-RPC 2.0 §4, its id aside. */
export interface Envelope {
  readonly method: string;
  readonly params?: unknown;
}

/** What stands for the id of a request that has one which is not allowed. */
export const INVALID_ID = Symbol("invalid id");

/** An integer that JavaScript's numbers cannot hold, as it was written: other languages have 64 bits. */
class LongInteger {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }
}

/**
 * Parses one frame. An id that is a long integer keeps its digits.
 *
 * @throws {SyntaxError}
 */
export function parseMessage(text: string): unknown {
  const message: unknown = JSON.parse(text);
  const hasLongId = Array.isArray(message) ? message.some(isLongId) : isLongId(message);
  return hasLongId ? withLongIds(message, text) : message;
}

/** Whether this is a request object (§4), its id aside. */
export function isEnvelope(message: unknown): message is Envelope {
  if (typeof message !== "object" || message === null) return false;
  const { jsonrpc, method, params } = message as Record<string, unknown>;
  return jsonrpc === "2.0" && typeof method === "string" &&
    (params === undefined || (typeof params === "object" && params !== null));
}

/** The id as JSON; undefined for a notification. */
export function idOf(message: object): string | undefined | typeof INVALID_ID {
  const id = (message as { id?: unknown }).id;
  if (id === undefined) return undefined;
  if (typeof id === "number") return Number.isFinite(id) ? String(id) : INVALID_ID;
  if (typeof id === "string") return JSON.stringify(id);
  if (id instanceof LongInteger) return id.digits;
  return id === null ? "null" : INVALID_ID;
}

function isLongId(message: unknown): boolean {
  const id = (message as { id?: unknown } | null)?.id;
  return typeof id === "number" && Number.isInteger(id) && !Number.isSafeInteger(id);
}

/** Takes the ids from a second parse, which tells how each number was written. */
function withLongIds(message: unknown, text: string): unknown {
  const exact: unknown = JSON.parse(text, reviveLongIds);
  const merge = (entry: unknown, other: unknown): unknown =>
    isLongId(entry) ? { ...entry as object, id: (other as { id: unknown }).id } : entry;
  if (!Array.isArray(message)) return merge(message, exact);
  return message.map((entry, index) => merge(entry, (exact as unknown[])[index]));
}

function reviveLongIds(key: string, value: unknown, context?: { source?: string }): unknown {
  const digits = context?.source;
  if (key !== "id" || digits === undefined) return value;
  return isLongId({ id: value }) ? new LongInteger(digits) : value;
}
