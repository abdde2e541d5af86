import type { PresenceFeed } from "./feed.ts";
import type { ListQuery, PresenceStore } from "./store.ts";

const PAGE = 500;

/**
 * Brings everything that is watched on this node up to date from the store, after the bus was cut.
 * Versions settle what is news, so doing it twice is harmless.
 *
 * @throws {StoreUnavailableError}
 */
export async function resync(store: PresenceStore, feed: PresenceFeed): Promise<void> {
  const { all, users, locations } = feed.watched;
  // Whoever was shown online and is listed no more went offline, or elsewhere, meanwhile.
  const unseen = new Set([...feed.shownOnline, ...users]);
  const queries = all ? [{}] : locations.map((location) => ({ location }));
  for (const query of queries) {
    for await (const userId of offerListed(store, feed, query)) unseen.delete(userId);
  }
  const rest = [...unseen];
  for (let start = 0; start < rest.length; start += PAGE) {
    const { presences } = await store.get(rest.slice(start, start + PAGE));
    for (const presence of presences) feed.offerSnapshot(presence);
  }
}

async function* offerListed(
  store: PresenceStore,
  feed: PresenceFeed,
  query: Pick<ListQuery, "location">,
): AsyncGenerator<string> {
  let cursor: string | null = null;
  do {
    const page = await store.list({
      ...query,
      ...(cursor === null ? {} : { cursor }),
      limit: PAGE,
    });
    for (const presence of page.presences) {
      feed.offerSnapshot(presence);
      yield presence.user_id;
    }
    cursor = page.cursor;
  } while (cursor !== null);
}
