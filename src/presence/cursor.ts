/**
 * List cursors: where a page ended, in a form that clients hand back as it is.
 *
 * @module
 */
import { InvalidCursorError } from "./store.ts";

const MAX_LENGTH = 1024;
const SEPARATOR = "/";

/** The cursor of a page whose last user is `userId`, of the list of one location or of all users. */
export function encodeCursor(location: string | undefined, userId: string): string {
  const text = `${location ?? ""}${SEPARATOR}${userId}`;
  return new TextEncoder().encode(text).toBase64({ alphabet: "base64url", omitPadding: true });
}

/**
 * The user id where the page before ended.
 *
 * @throws {InvalidCursorError} when it is no cursor, or that of another list
 */
export function decodeCursor(location: string | undefined, cursor: string): string {
  const text = cursor.length > MAX_LENGTH ? undefined : decodeText(cursor);
  const start = `${location ?? ""}${SEPARATOR}`;
  const userId = text?.startsWith(start) ? text.slice(start.length) : "";
  // Only what we would write ourselves: base64 has several spellings of the same bytes.
  if (userId === "" || encodeCursor(location, userId) !== cursor) {
    throw new InvalidCursorError(
      "Not a cursor of this list: pass on the one that the page before gave, with the same location",
    );
  }
  return userId;
}

function decodeText(cursor: string): string | undefined {
  try {
    const bytes = Uint8Array.fromBase64(cursor, { alphabet: "base64url" });
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
