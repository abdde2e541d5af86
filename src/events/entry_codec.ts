/**
 * Entries as JSON on a subject: what gateways write there, and what any other service may.
 *
 * @module
 */
import { z } from "zod";
import type { EventTarget } from "../protocol/methods.ts";
import { NOTIFICATION_SCHEMAS } from "../protocol/schemas.ts";
import { isTooDeep, MAX_NESTING } from "./nesting.ts";
import type { AnnouncementBody, AnnouncementEntry, EventBody, EventEntry } from "./stream.ts";

/** What is known of a stored message before its payload is read. */
export interface StoredAs {
  readonly seq: number;
  /** When it was stored, in milliseconds since 1970. */
  readonly storedAtMs: number;
}

/** A payload that is not as the wire contract has it; the message says what is wrong. */
export class MalformedEntryError extends Error {
  override readonly name = "MalformedEntryError";
}

const MAX_TYPE = 64;
const MAX_MESSAGE = 4096;
const MAX_ID = 128;

/** Any ISO 8601 instant; the contract's own form is put in its place. */
const Instant = z.iso.datetime({ offset: true });
const FOUR_DIGIT_YEAR = /^\d{4}-/;

let latest: { readonly body: EventBody | AnnouncementBody; readonly text: string } | undefined;

/**
 * The JSON of an event or an announcement, without `seq`. It is asked for twice in a row: to store the
 * entry, and to send it.
 */
export function encodeEntry(body: EventBody | AnnouncementBody): string {
  if (latest?.body !== body) latest = { body, text: JSON.stringify(body) };
  return latest.text;
}

/**
 * The JSON of an entry that is to be stored, see {@linkcode encodeEntry}.
 *
 * @throws {MalformedEntryError} when its payload is nested too deeply: no other part of it can be
 */
export function encodeForStoring(body: EventBody | AnnouncementBody): string {
  const text = tryEncode(body);
  if (text !== undefined && !isTooDeep(text)) return text;
  throw new MalformedEntryError(`Must not be nested deeper than ${MAX_NESTING}`);
}

/** Undefined when there is not stack enough. */
function tryEncode(body: EventBody | AnnouncementBody): string | undefined {
  try {
    return encodeEntry(body);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * Reads an event that was published on the subject of a user or a location. A service may leave out
 * `event_id`, `from`, `to`, `payload` and `sent_at`; a `seq` that it gives means nothing.
 *
 * @throws {MalformedEntryError}
 */
export function decodeEvent(text: string, to: EventTarget, stored: StoredAs): EventEntry {
  const written = parseObject(text);
  const { seq, ...params } = validate(NOTIFICATION_SCHEMAS["player.event"], {
    event_id: `ev_${stored.seq}`,
    from: null,
    to,
    payload: null,
    ...written,
    sent_at: instant(written["sent_at"], stored.storedAtMs),
    seq: stored.seq,
  });
  assertLength("event_id", params.event_id, MAX_ID);
  assertLength("type", params.type, MAX_TYPE);
  assertAddressee(params.to, to);
  return { seq, notification: "player.event", params };
}

/**
 * Reads an announcement. A service may leave out everything but `message`.
 *
 * @throws {MalformedEntryError}
 */
export function decodeAnnouncement(text: string, stored: StoredAs): AnnouncementEntry {
  const written = parseObject(text);
  const { seq, ...params } = validate(NOTIFICATION_SCHEMAS["system.announcement"], {
    announcement_id: `an_${stored.seq}`,
    level: "info",
    ...written,
    sent_at: instant(written["sent_at"], stored.storedAtMs),
    seq: stored.seq,
  });
  assertLength("announcement_id", params.announcement_id, MAX_ID);
  assertLength("message", params.message, MAX_MESSAGE);
  return { seq, notification: "system.announcement", params };
}

function parseObject(text: string): Record<string, unknown> {
  if (isTooDeep(text)) {
    throw new MalformedEntryError(`The payload is nested deeper than ${MAX_NESTING}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new MalformedEntryError("The payload is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MalformedEntryError("The payload is not a JSON object");
  }
  return value as Record<string, unknown>;
}

function validate<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new MalformedEntryError(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "wrong"}`);
}

function instant(written: unknown, storedAtMs: number): string {
  if (written === undefined) return new Date(storedAtMs).toISOString();
  const parsed = Instant.safeParse(written);
  if (!parsed.success) throw new MalformedEntryError("sent_at: Must be an ISO 8601 instant");
  const inUtc = new Date(parsed.data).toISOString();
  // An offset can move it out of the years that have four digits.
  if (FOUR_DIGIT_YEAR.test(inUtc)) return inUtc;
  throw new MalformedEntryError("sent_at: Must be in the years 0000 to 9999 of UTC");
}

function assertLength(name: string, text: string, most: number): void {
  if (text.length >= 1 && text.length <= most) return;
  throw new MalformedEntryError(`${name}: Must have 1 to ${most} characters`);
}

/** A user may be told of what went to a location, but nobody of what went to somebody else. */
function assertAddressee(written: EventTarget, subject: EventTarget): void {
  const right = "user_id" in subject
    ? !("user_id" in written) || written.user_id === subject.user_id
    : "location" in written && written.location === subject.location;
  if (!right) throw new MalformedEntryError("to: Must be whom the subject names");
}
