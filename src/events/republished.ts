import type { BusMessage } from "../bus/bus.ts";
import type { Subjects } from "../bus/subjects.ts";
import { subjectOf } from "./addressing.ts";
import type { Addressee, LiveMessage } from "./feed_message.ts";
import { streamName } from "./jetstream_setup.ts";

/**
 * A message that the stream has sent on after storing it; undefined when its headers do not say so of
 * this stream and subject: then somebody else sent it.
 */
export function fromRepublished(
  { headers, data }: BusMessage,
  subjects: Subjects,
  to: Addressee,
  nowMs: number,
): LiveMessage | undefined {
  const subject = subjectOf(subjects, to);
  if (headers["Nats-Stream"] !== streamName(subjects)) return undefined;
  if (headers["Nats-Subject"] !== subject) return undefined;
  const count = Number(headers["Nats-Sequence"]);
  const previous = Number(headers["Nats-Last-Sequence"]);
  if (!Number.isSafeInteger(count) || !(previous >= 0 && previous < count)) return undefined;
  return { to, count, previous, subject, text: data, storedAtMs: nowMs };
}
