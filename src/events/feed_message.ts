import type { EventTarget } from "../protocol/methods.ts";
import { decodeAnnouncement, decodeEvent } from "./entry_codec.ts";
import type { StreamEntry } from "./stream.ts";

/** Who a stored message is for. */
export type Addressee = EventTarget | "everyone";

/** A message as the stream has numbered it. */
export interface FeedMessage {
  readonly to: Addressee;
  /** Its number in the stream. */
  readonly count: number;
  readonly subject: string;
  readonly text: string;
  readonly storedAtMs: number;
}

/** A message as it arrives when it has just been stored. */
export interface LiveMessage extends FeedMessage {
  /** Number of the message before it on the same subject; 0 when there is none any more. */
  readonly previous: number;
}

/**
 * Reads the entry that a message carries.
 *
 * @throws {MalformedEntryError}
 */
export function decodeMessage(message: FeedMessage, seq: number): StreamEntry {
  const { to, text, storedAtMs } = message;
  const stored = { seq, storedAtMs };
  return to === "everyone" ? decodeAnnouncement(text, stored) : decodeEvent(text, to, stored);
}
