/**
 * What a presence store must look like from outside, as simply as can be said: a few maps, no
 * versions but the promise that they grow.
 *
 * @module
 */
import assert from "node:assert/strict";
import { MAX_ENDED } from "../../src/presence/record.ts";
import type { SessionState } from "../../src/presence/state.ts";
import type { Change, Instance, Outcome } from "../../src/presence/store.ts";
import type { Presence } from "../../src/protocol/presence.ts";
import { WINDOW_MS } from "../conformance/store/builders.ts";

type Said = Pick<SessionState, "status" | "location" | "updated_at_ms">;

interface ModelUser {
  readonly sessions: Map<string, SessionState>;
  readonly ended: Map<string, Said & { readonly at: number }>;
  lastSeenMs: number | null;
  /** Version of the last change. */
  version: number;
  /** The newest version that anybody has seen, and what it said. */
  seen: { version: number; content: string | undefined };
}

/** What became of a change. */
interface Expected {
  readonly changed: boolean;
  readonly previousLocation: string | null;
}

/** All users and all instances that are not reaped. */
export class StoreModel {
  readonly #users = new Map<string, ModelUser>();
  readonly instances = new Map<Instance, { alive: boolean; claimer?: Instance }>();
  /** Which sessions each instance has put and not ended: session → user. */
  readonly held = new Map<Instance, Map<string, string>>();

  /** Instances to reap. */
  get lapsed(): Instance[] {
    return [...this.instances].flatMap(([id, { alive }]) => alive ? [] : [id]).toSorted();
  }

  isAlive(instance: Instance): boolean {
    return this.instances.get(instance)?.alive === true;
  }

  open(instance: Instance): void {
    this.instances.set(instance, { alive: true });
    this.held.set(instance, new Map());
  }

  /** The instance's lease is gone. */
  end(instance: Instance): void {
    const found = this.instances.get(instance);
    if (found === undefined) return;
    // A view's version tells whether instances of the record are dead, not how many of them.
    for (const [userId, { sessions, seen }] of this.#users) {
      if (this.liveSessions(userId).length < sessions.size) seen.content = undefined;
    }
    found.alive = false;
  }

  sessions(userId: string): SessionState[] {
    return [...this.#user(userId).sessions.values()];
  }

  ended(userId: string): string[] {
    return [...this.#user(userId).ended.keys()];
  }

  liveSessions(userId: string): SessionState[] {
    return this.sessions(userId).filter((session) => this.isAlive(session.instance));
  }

  /** Makes a change and holds the outcome against it. */
  apply(change: Change, outcome: Outcome | undefined): void {
    const { changed, previousLocation } = this.#change(change);
    const user = this.#user(change.user_id);
    assert.ok(outcome);
    assert.equal(outcome.changed, changed);
    assert.equal(outcome.previous_location, previousLocation);
    assert.deepEqual(new Set(outcome.sessions), new Set(user.sessions.values()));
    const own = change.op === "leave" ? change.session_id : change.session.session_id;
    const others = [...user.sessions.keys(), ...this.#remembered(user, change.now_ms)];
    assert.equal(outcome.can_resume, others.some((id) => id !== own));
    const { version, ...content } = outcome.presence;
    assert.deepEqual(content, this.#content(change.user_id, this.sessions(change.user_id)));
    if (changed) {
      assert.ok(version > user.seen.version, `${version} is not newer than ${user.seen.version}`);
      assert.ok(version > (change.known_version ?? 0), "newer than what the node knows");
      user.version = version;
      user.seen = { version, content: canonical(content) };
    } else {
      assert.equal(version, user.version);
    }
  }

  /** Holds what a reader sees against what it ought to see. */
  see(userId: string, presence: Presence | undefined): void {
    assert.ok(presence);
    const { version, ...content } = presence;
    assert.deepEqual(content, this.#content(userId, this.liveSessions(userId)));
    const { seen } = this.#user(userId);
    assert.ok(version >= seen.version, `${version} is older than ${seen.version}`);
    const text = canonical(content);
    if (version === seen.version) assert.equal(text, seen.content ?? text, "one version, one view");
    this.#user(userId).seen = { version, content: text };
  }

  /** Ends what a dead instance holds, and forgets it. */
  reap(instance: Instance, nowMs: number, outcomes: readonly Outcome[]): void {
    const versions = new Map<string, number>();
    for (const { presence, changed } of outcomes) {
      assert.equal(changed, true);
      const { version } = this.#user(presence.user_id).seen;
      assert.ok(presence.version > Math.max(version, versions.get(presence.user_id) ?? 0));
      versions.set(presence.user_id, presence.version);
    }
    const held = [...this.held.get(instance) ?? []];
    this.end(instance);
    const ended = held.filter(([session_id, user_id]) =>
      this.#change({ op: "leave", user_id, session_id, instance, now_ms: nowMs }).changed
    );
    assert.equal(outcomes.length, ended.length);
    for (const [userId, version] of versions) {
      const last = outcomes.findLast(({ presence }) => presence.user_id === userId);
      const { version: _, ...content } = last?.presence ?? {};
      assert.deepEqual(content, this.#content(userId, this.sessions(userId)));
      const user = this.#user(userId);
      user.version = version;
      user.seen = { version, content: canonical(content) };
    }
    this.instances.delete(instance);
    this.held.delete(instance);
  }

  #change(change: Change): Expected {
    const user = this.#user(change.user_id);
    const previousLocation = shown(user.sessions.values())?.location ?? null;
    const changed = this.#ruleFor(change, user);
    if (changed) {
      user.lastSeenMs = change.now_ms;
      const remembered = this.#remembered(user, change.now_ms);
      for (const id of user.ended.keys()) if (!remembered.includes(id)) user.ended.delete(id);
    }
    return { changed, previousLocation };
  }

  #ruleFor(change: Change, { sessions, ended }: ModelUser): boolean {
    if (change.op === "leave") {
      this.held.get(change.instance)?.delete(change.session_id);
      const session = sessions.get(change.session_id);
      if (session?.instance !== change.instance) return false;
      sessions.delete(change.session_id);
      ended.set(change.session_id, { ...session, at: change.now_ms });
      return true;
    }
    const { session_id, instance } = change.session;
    let session = change.session;
    if (change.op === "resume") {
      const from = change.from_session_id;
      const past = ended.get(from);
      const isRecent = past !== undefined && change.now_ms - past.at < WINDOW_MS;
      const earlier = sessions.get(from) ?? (isRecent ? past : undefined);
      if (earlier === undefined || from === session_id) return false;
      const { status, location, updated_at_ms } = earlier;
      if (session.updated_at_ms === 0) session = { ...session, status, location, updated_at_ms };
      session = { ...session, resumed_from: from };
      sessions.delete(from);
      ended.delete(from);
    } else if (JSON.stringify(sessions.get(session_id)) === JSON.stringify(session)) {
      return false;
    }
    sessions.set(session_id, session);
    ended.delete(session_id);
    this.held.get(instance)?.set(session_id, change.user_id);
    return true;
  }

  #remembered({ ended }: ModelUser, nowMs: number): string[] {
    return [...ended]
      .filter(([, { at }]) => nowMs - at < WINDOW_MS)
      .toSorted(([a, x], [b, y]) => y.at - x.at || (a > b ? -1 : 1))
      .slice(0, MAX_ENDED).map(([id]) => id);
  }

  #content(userId: string, sessions: SessionState[]): Omit<Presence, "version"> {
    const { lastSeenMs } = this.#user(userId);
    const top = shown(sessions);
    return {
      user_id: userId,
      status: top?.status ?? "offline",
      location: top?.location ?? null,
      last_seen: lastSeenMs === null ? null : new Date(lastSeenMs).toISOString(),
      session_id: top?.session_id ?? null,
      sessions: sessions.length,
      region: top?.region ?? null,
    };
  }

  #user(userId: string): ModelUser {
    const known = this.#users.get(userId);
    if (known !== undefined) return known;
    const user: ModelUser = {
      sessions: new Map(),
      ended: new Map(),
      lastSeenMs: null,
      version: 0,
      seen: { version: 0, content: undefined },
    };
    this.#users.set(userId, user);
    return user;
  }
}

/** The same text for the same content, whatever the order of its fields. */
function canonical(content: object): string {
  return JSON.stringify(content, Object.keys(content).toSorted());
}

/** The session with the newest word, then the newest one. */
function shown(sessions: Iterable<SessionState>): SessionState | undefined {
  return [...sessions].toSorted((a, b) =>
    b.updated_at_ms - a.updated_at_ms || b.connected_at_ms - a.connected_at_ms ||
    (a.session_id > b.session_id ? -1 : 1)
  )[0];
}
