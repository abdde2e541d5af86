/**
 * Where the conformance tests of the numbered streams take place, and what they are told in.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Bus } from "../../../src/bus/bus.ts";
import type { Subjects } from "../../../src/bus/subjects.ts";
import type { StreamLimits } from "../../../src/events/limits.ts";
import {
  type AnnouncementBody,
  type EventBody,
  type EventEntry,
  type EventStream,
  type Following,
  type StreamEntry,
  StreamError,
  type StreamErrorReason,
} from "../../../src/events/stream.ts";
import { until } from "../../support/wait.ts";

/** Where the nodes of one test share what is stored. */
export interface StreamPlace extends AsyncDisposable {
  readonly subjects: Subjects;
  /** The bus as another service has it. */
  readonly service: Bus;
  /** What was reported as malformed, as `subject: reason`. */
  readonly malformed: readonly string[];
  /** The stream as one more node has it, ready; it is closed with the place. */
  node(): Promise<EventStream>;
  /** Lets everything that is stored get older than what is kept. */
  age(): Promise<void>;
}

/** Makes a place; limits that are not given are ample. */
export type OpenStreamPlace = (limits?: Partial<StreamLimits>) => Promise<StreamPlace>;

/** Limits that no test reaches by chance. */
export const AMPLE: StreamLimits = {
  windowMs: 60_000,
  maxBytes: 8 * 1024 * 1024,
  maxPerUser: 20_000,
};

let made = 0;

/** An event that differs from every other one. */
export function event(userId: string, change: Partial<EventBody> = {}): EventBody {
  return {
    event_id: `event-${++made}`,
    from: "sender",
    to: { user_id: userId },
    type: "greeting",
    payload: { number: made },
    sent_at: new Date().toISOString(),
    ...change,
  };
}

/** An announcement that differs from every other one. */
export function announcement(change: Partial<AnnouncementBody> = {}): AnnouncementBody {
  return {
    announcement_id: `announcement-${++made}`,
    level: "info",
    message: `Number ${made}`,
    sent_at: new Date().toISOString(),
    ...change,
  };
}

/** JSON of arrays in one another, so many of them. */
export function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

/** What a follower has got so far. */
export interface Heard extends Following {
  readonly entries: readonly StreamEntry[];
  /** How often it was told that something will never come. */
  readonly lost: number;
}

/** Follows a user and waits until that is in effect. */
export async function follow(stream: EventStream, userId: string): Promise<Heard> {
  const heard = beginToFollow(stream, userId);
  await heard.ready;
  return heard;
}

/** Follows a user without waiting. */
export function beginToFollow(stream: EventStream, userId: string): Heard {
  const entries: StreamEntry[] = [];
  let lost = 0;
  const following = stream.follow(userId, {
    onEntry: (entry) => void entries.push(entry),
    onLost: () => void lost++,
  });
  return {
    ...following,
    entries,
    get lost() {
      return lost;
    },
  };
}

/** Appends an event with an id of its own and returns its `seq`. */
export async function send(stream: EventStream, userId: string): Promise<number> {
  const body = event(userId);
  return (await stream.append(userId, body, body.event_id)).seq;
}

/** Waits until `heard` has at least as many entries. */
export async function hears(
  heard: { readonly entries: readonly (StreamEntry | EventEntry)[] },
  count: number,
): Promise<void> {
  await until(() => heard.entries.length >= count, {
    what: `${count} entries (there are ${heard.entries.length})`,
    timeoutMs: 10_000,
  });
}

/** The numbers of entries. */
export function seqs(entries: readonly StreamEntry[]): number[] {
  return entries.map(({ seq }) => seq);
}

/** Checks that `call` fails with a {@linkcode StreamError} of `reason`. */
export async function rejectsWith(
  reason: StreamErrorReason,
  call: Promise<unknown>,
): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof StreamError, `not a StreamError: ${error}`);
    assert.equal(error.reason, reason);
    return true;
  });
}
