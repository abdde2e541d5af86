/**
 * Every key that presence has in Redis, and how ids stand in them.
 *
 * Other services may read `presence:online:<user>`, `presence:online:users` and `session:<session>`.
 * The rest is this gateway's own.
 *
 * @module
 */
import type { Instance } from "./store.ts";

/** Set of the online users' ids, as they are. */
export const ONLINE_USERS_KEY = "presence:online:users";

/**
 * Sorted set, all scores 0, of the online users in order: a member `u/<user>` for each, and
 * `l/<location>/<user>` for each who is shown at a location.
 */
export const INDEX_KEY = "presence:index";

/** Set of the instances that have opened a lease and are not reaped yet. */
export const INSTANCES_KEY = "presence:instances";

/** String, JSON: how an online user is shown. There exactly while the user is online. */
export function onlineKey(userId: string): string {
  return `presence:online:${encodeId(userId)}`;
}

/** String, JSON: a live session's user, node, region and time of joining. */
export function sessionKey(sessionId: string): string {
  return `session:${sessionId}`;
}

/** String, JSON: all that is known of a user, a `UserRecord`. */
export function userKey(userId: string): string {
  return `presence:user:${encodeId(userId)}`;
}

/** Hash of the sessions that an instance holds, or held when it was last heard of: session → user. */
export function heldKey(instance: Instance): string {
  return `presence:sessions:${instance}`;
}

/** Integer that is there while the instance holds its lease: how many calls it has made under it. */
export function leaseKey(instance: Instance): string {
  return `presence:lease:${instance}`;
}

/** String, the instance that is busy reaping this one. */
export function claimKey(instance: Instance): string {
  return `presence:claim:${instance}`;
}

/** What the index's members of one list, all users or those of one location, begin with. */
export function indexPrefix(location: string | undefined): string {
  return location === undefined ? "u/" : `l/${location}/`;
}

/** Bounds for `BYLEX` of one list, from behind a user when `after` is given. */
export function indexRange(
  location: string | undefined,
  after?: string,
): { readonly min: `[${string}` | `(${string}`; readonly max: `(${string}` } {
  const prefix = indexPrefix(location);
  const min = after === undefined ? `[${prefix}` as const : `(${prefix}${after}` as const;
  // "0" is the character that comes next after the "/" with which every prefix ends.
  return { min, max: `(${prefix.slice(0, -1)}0` };
}

/** Half a surrogate pair has no UTF-8 form; it would make `encodeURIComponent` throw. */
function encodeId(userId: string): string {
  return userId === "users" ? "%75sers" : encodeURIComponent(userId.toWellFormed());
}
