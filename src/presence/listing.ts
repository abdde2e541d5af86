/**
 * Putting a list right while an instance is dead and not reaped yet: the index still has its users
 * where its sessions showed them.
 *
 * @module
 */
import { presenceOf, type UserRecord } from "./state.ts";
import type { Instance } from "./store.ts";
import { compareIds } from "./sorted_ids.ts";

/** What is listed, from where, and how much of it. */
export interface Range {
  readonly location: string | undefined;
  /** Only users behind this one. */
  readonly after: string | undefined;
  readonly limit: number;
}

/** Users in order, and how many there are in all. */
export interface Listing {
  readonly userIds: readonly string[];
  readonly total: number;
}

/** Whether an instance holds its lease. */
export type IsAlive = (instance: Instance) => boolean;

/**
 * The first `limit` + 1 users of a range as they are without the sessions of dead instances.
 *
 * @param indexed what the index says: at least `limit` + 1 users more than there are `affected` ones,
 * or all that there are
 * @param affected every user who has a session of a dead instance
 */
export function correctListing(
  indexed: Listing,
  affected: readonly UserRecord[],
  isAlive: IsAlive,
  { location, after, limit }: Range,
): Listing {
  const doubtful = new Set(affected.map((record) => record.user_id));
  const userIds = indexed.userIds.filter((userId) => !doubtful.has(userId));
  let total = indexed.total;
  for (const record of affected) {
    if (isListed(record, location)) total--;
    if (!isListed(record, location, isAlive)) continue;
    total++;
    if (after === undefined || compareIds(record.user_id, after) > 0) userIds.push(record.user_id);
  }
  return { userIds: userIds.sort(compareIds).slice(0, limit + 1), total };
}

/** Whether a user is online, and at `location` if one is given. */
export function isListed(
  record: UserRecord,
  location: string | undefined,
  isAlive?: IsAlive,
): boolean {
  const shown = presenceOf(record, isAlive);
  return shown.sessions > 0 && (location === undefined || shown.location === location);
}
