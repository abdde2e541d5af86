import type { WaygateClient } from "../../client/client.ts";
import { displayName } from "../../elements/presence_row.ts";

/** Nobody, or nobody in particular, is meant; the message is for the player. */
export class RecipientError extends Error {
  override readonly name = "RecipientError";
}

/**
 * Whom a player means who types an id, or the name of somebody online.
 *
 * @returns the id; null when no such player is to be seen
 * @throws {RecipientError} several have the name
 */
export function recipientInSight({ presence }: WaygateClient, text: string): string | null {
  if (presence.get(text) !== undefined) return text;
  const name = text.toLowerCase();
  const named = [...presence.users().values()]
    .filter((user) => displayName(user).toLowerCase() === name);
  if (named.length > 1) {
    throw new RecipientError(`Several players are called ${text}: choose one by id.`);
  }
  return named[0]?.user_id ?? null;
}

/**
 * Asks the gateway about an id that is not to be seen.
 *
 * @throws {RecipientError} nobody has it
 */
export async function recipientById(client: WaygateClient, id: string): Promise<string> {
  const { presences } = await client.call("presence.get", { user_ids: [id] });
  // A user who was never there is offline, at version 0.
  if ((presences[0]?.version ?? 0) > 0) return id;
  // Meanwhile the list of players may have come.
  const seen = recipientInSight(client, id);
  if (seen === null) throw new RecipientError("There is no such player.");
  return seen;
}
