/**
 * Sessions and changes for tests of presence stores, and the questions that they ask again and again.
 *
 * @module
 */
import type { Presence } from "../../../src/protocol/presence.ts";
import type { SessionState } from "../../../src/presence/state.ts";
import type {
  Instance,
  LeaveChange,
  Outcome,
  Page,
  PresenceStore,
  PutChange,
  ResumeChange,
} from "../../../src/presence/store.ts";
import { until } from "../../support/wait.ts";

/** The same data as two nodes see it. */
export interface Stores {
  readonly store: PresenceStore;
  readonly other: PresenceStore;
}

/** Makes stores over data that is empty; ended sessions are remembered for {@linkcode WINDOW_MS}. */
export type OpenStores = () => Stores | Promise<Stores>;

/** The resume window that stores under test are made with. */
export const WINDOW_MS = 60_000;

/** When tests take place. */
export const T0 = Date.UTC(2026, 0, 2, 3, 4, 5, 6);

/** A lease that outlives any test. */
export const LEASE_MS = 60_000;

/** Ids that get into the way of keys, patterns, paths, separators and JavaScript's own names. */
export const STRANGE_IDS: readonly string[] = [
  ...["users", "%75sers", "a.b", "*", ">", "a b", "😀", "\uff5e", "__proto__", "constructor"],
  ...["a/b", "a%2Fb", "/", "u/", "l/lobby/a", "0", "123", "true", "null", "{}", '["a"]', '"'],
  ...["\u0000", "\n", "\\", "ü".repeat(128), "x".repeat(128)],
];

/** A session that has only joined. */
export function session(session_id: string, details: Partial<SessionState> = {}): SessionState {
  return {
    session_id,
    instance: "n1:1",
    region: "eu",
    status: "online",
    location: null,
    updated_at_ms: 0,
    connected_at_ms: T0,
    ...details,
  };
}

/** The change that puts a session. */
export function put(user_id: string, session: SessionState, now_ms = T0): PutChange {
  return { op: "put", user_id, session, now_ms, ttl_ms: 3_600_000 };
}

/** The change that ends a session. */
export function leave(
  user_id: string,
  { session_id, instance }: Pick<SessionState, "session_id" | "instance">,
  now_ms = T0,
): LeaveChange {
  return { op: "leave", user_id, session_id, instance, now_ms };
}

/** The change that lets a session take an earlier one's place. */
export function resume(
  user_id: string,
  from_session_id: string,
  session: SessionState,
  now_ms = T0,
): ResumeChange {
  return { op: "resume", user_id, from_session_id, session, now_ms, ttl_ms: 3_600_000 };
}

/** Applies one put, under a lease that is opened for it if need be. */
export async function join(
  store: PresenceStore,
  user_id: string,
  state: SessionState,
  now_ms = T0,
): Promise<Outcome> {
  await store.openLease(state.instance, LEASE_MS);
  return only(await store.apply(state.instance, [put(user_id, state, now_ms)]));
}

/** Lets an instance's lease run out and waits until the store says so. */
export async function lapse(store: PresenceStore, instance: Instance): Promise<void> {
  await store.openLease(instance, 1);
  await until(
    async () => (await store.list({ limit: 1 })).lapsed.includes(instance),
    { what: `the lease of ${instance} to lapse` },
  );
}

/** One user as a store shows them. */
export async function look(store: PresenceStore, userId: string): Promise<Presence> {
  return only((await store.get([userId])).presences);
}

/** All pages of a list, each of `limit` users at most. */
export async function pagesOf(
  store: PresenceStore,
  location: string | null | undefined,
  limit: number,
): Promise<Page[]> {
  const query = { limit, ...(location && { location }) };
  const pages = [await store.list(query)];
  for (let cursor = pages[0]?.cursor; cursor;) {
    const page = await store.list({ ...query, cursor });
    pages.push(page);
    cursor = page.cursor;
  }
  return pages;
}

/** The only element. */
export function only<T>(values: readonly T[]): T {
  const [value] = values;
  if (value === undefined || values.length !== 1) throw new Error(`Not one but ${values.length}`);
  return value;
}

/** The ids of a list's users, in its order. */
export function idsOf({ presences }: { readonly presences: readonly Presence[] }): string[] {
  return presences.map((presence) => presence.user_id);
}
