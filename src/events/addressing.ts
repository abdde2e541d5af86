import type { Subjects } from "../bus/subjects.ts";
import type { Addressee, FeedMessage } from "./feed_message.ts";
import type { Stored } from "./stored_reader.ts";

/** The public subject of an addressee. */
export function subjectOf(subjects: Subjects, to: Addressee): string {
  if (to === "everyone") return subjects.announce();
  return "user_id" in to ? subjects.userEvent(to.user_id) : subjects.locationEvent(to.location);
}

/** Who a message on a public subject is for; undefined when the subject is none that we would write. */
export function addresseeOf(subjects: Subjects, subject: string): Addressee | undefined {
  if (subject === subjects.announce()) return "everyone";
  const userId = subjects.parseUserEvent(subject);
  if (userId !== undefined) return { user_id: userId };
  const location = subjects.parseLocationEvent(subject);
  return location === undefined ? undefined : { location };
}

/** A message read from the stream. */
export function fromStored(stored: Stored, to: Addressee): FeedMessage {
  return { ...stored, to };
}
