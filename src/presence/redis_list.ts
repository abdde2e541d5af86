/**
 * Listing the online users from Redis.
 *
 * @module
 */
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { correctListing, isListed, type Listing, type Range } from "./listing.ts";
import type { RedisClient } from "./redis_client.ts";
import { heldKey, INDEX_KEY, indexPrefix, indexRange, INSTANCES_KEY } from "./redis_keys.ts";
import type { RedisReader } from "./redis_reader.ts";
import { presenceOf } from "./state.ts";
import type { Instance, ListQuery, Page } from "./store.ts";

/** What the index says, and which instances there are. */
interface Indexed extends Listing {
  readonly instances: readonly Instance[];
}

/**
 * One page of the online users. It takes two requests; four more while an instance is dead and not
 * reaped, one of which reads the records of all users who had a session there.
 *
 * @throws {StoreUnavailableError}
 * @throws {InvalidCursorError}
 */
export async function listOnline(
  client: RedisClient,
  reader: RedisReader,
  { location, cursor, limit }: ListQuery,
): Promise<Page> {
  const after = cursor === undefined ? undefined : decodeCursor(location, cursor);
  const range: Range = { location, after, limit };
  const indexed = await readIndex(client, range, limit + 1);
  let listing: Listing = indexed;
  let judged = await reader.read(pageOf(listing, limit), indexed.instances);
  const { lapsed } = judged;
  if (lapsed.length > 0) {
    listing = await readCorrected(client, reader, range, lapsed, indexed.instances);
    judged = await reader.read(pageOf(listing, limit), indexed.instances);
  }
  const { records, isAlive } = judged;
  const last = listing.userIds.length > limit ? listing.userIds[limit - 1] : undefined;
  return {
    // The index was read before the records: who has gone in between is left out.
    presences: records.flatMap((record) =>
      record !== undefined && isListed(record, location, isAlive) ? presenceOf(record, isAlive) : []
    ),
    lapsed,
    cursor: last === undefined ? null : encodeCursor(location, last),
    total: listing.total,
  };
}

async function readIndex(
  client: RedisClient,
  { location, after }: Range,
  count: number,
): Promise<Indexed> {
  const prefix = indexPrefix(location);
  const all = indexRange(location);
  const behind = indexRange(location, after);
  const [members, total, instances] = await client.send((pipeline) => {
    pipeline.zrange(INDEX_KEY, behind.min, behind.max, { byLex: true, offset: 0, count });
    pipeline.zlexcount(INDEX_KEY, all.min, all.max);
    pipeline.smembers(INSTANCES_KEY);
  }) as [string[], number, Instance[]];
  return { userIds: members.map((member) => member.slice(prefix.length)), total, instances };
}

async function readCorrected(
  client: RedisClient,
  reader: RedisReader,
  range: Range,
  lapsed: readonly Instance[],
  instances: readonly Instance[],
): Promise<Listing> {
  const held = await client.send((pipeline) => {
    for (const instance of lapsed) pipeline.hvals(heldKey(instance));
  }) as string[][];
  const userIds = [...new Set(held.flat())];
  const [indexed, { records, isAlive }] = await Promise.all([
    readIndex(client, range, range.limit + 1 + userIds.length),
    reader.read(userIds, instances),
  ]);
  const affected = records.filter((record) => record !== undefined);
  return correctListing(indexed, affected, isAlive, range);
}

function pageOf({ userIds }: Listing, limit: number): readonly string[] {
  return userIds.slice(0, limit);
}
