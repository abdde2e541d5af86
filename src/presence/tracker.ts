import type { Presence } from "../protocol/presence.ts";
import type { Counters } from "../telemetry/counters.ts";
import type { TimerWheel } from "../timer_wheel.ts";
import type { SessionState } from "./state.ts";
import type { Change, Instance, Outcome, PresenceStore } from "./store.ts";
import {
  adopt,
  beginSession,
  changeOf,
  hasResumed,
  type NewSession,
  type PresencePatch,
  type TrackedSession,
} from "./tracked_session.ts";
import type { Intent } from "./write_queue.ts";
import { PresenceWriter } from "./writer.ts";

/** Where updates come quicker than milliseconds do, their stamps run ahead of the clock, but no further. */
const MAX_AHEAD_MS = 20;

/** A store that did not answer may do so late what it was asked for, in ms. */
const LATE_MS = 10_000;

/** What {@linkcode PresenceTracker} works with. */
export interface TrackerOptions {
  readonly store: PresenceStore;
  readonly wheel: TimerWheel;
  readonly counters: Counters;
  readonly region: string;
  /** How long a session outlives its broken socket, in ms. */
  readonly graceMs: number;
  /** The instance under which this node acts now. */
  readonly instance: () => Instance;
  /** Newest version of a user that is known here; undefined when none is. */
  readonly knownVersion: (userId: string) => number | undefined;
  /** A user is shown anew; tell those who watch, also where the user was shown before. */
  readonly announce: (presence: Presence, before: readonly (string | null)[]) => void;
  /** How a user is shown whose session left, and was over already: who watches here may not have heard. */
  readonly onWasOver: (presence: Presence) => void;
  /** Told of all sessions of a user who has one here, after each change. */
  readonly onSessions: (sessions: readonly SessionState[]) => void;
  readonly onLeaseLost: () => void;
  readonly onRefused: (error: unknown) => void;
}

/**
 * The sessions of this node, and what the store is to know of them. The table here is the truth for
 * them; the store follows, as soon as it can.
 */
export class PresenceTracker {
  readonly #options: TrackerOptions;
  readonly #sessions = new Map<string, TrackedSession>();
  readonly #writer: PresenceWriter;
  #registered: Promise<unknown> = Promise.resolve();
  #lastStampMs = 0;

  constructor(options: TrackerOptions) {
    this.#options = options;
    this.#writer = new PresenceWriter({
      store: options.store,
      instance: options.instance,
      change: (sessionId, intent) => this.#change(sessionId, intent),
      onOutcome: (sessionId, intent, outcome, isRepeated) =>
        this.#onOutcome(sessionId, intent, outcome, isRepeated),
      onUnanswered: (sessionId) => this.#onUnanswered(sessionId),
      onLeaseLost: options.onLeaseLost,
      onRefused: options.onRefused,
    });
  }

  /** How the writes stand. */
  get writer(): PresenceWriter {
    return this.#writer;
  }

  /** Sessions of this node, those in their grace among them. */
  get size(): number {
    return this.#sessions.size;
  }

  /**
   * A session begins.
   *
   * @throws {StoreUnavailableError} when the store is away; the session is joined later
   */
  join(session: NewSession): Promise<Outcome> {
    this.#options.counters.presenceJoins++;
    const { sessionId } = session;
    const instance = this.#options.instance();
    this.#sessions.set(
      sessionId,
      beginSession(session, { instance, region: this.#options.region }),
    );
    return this.#writer.write(sessionId, { op: "put" });
  }

  /** What a session last said of itself; undefined when it is not here, or over. */
  state(sessionId: string): SessionState | undefined {
    const session = this.#sessions.get(sessionId);
    return session?.isLeaving === true ? undefined : session?.state;
  }

  /**
   * A session says something new of itself.
   *
   * @throws {StoreUnavailableError} when the store is away; the change is written later
   */
  update(sessionId: string, patch: PresencePatch): Promise<Outcome> {
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) {
      const updatedAtMs = Math.max(this.#stampMs(), session.state.updated_at_ms + 1);
      session.state = { ...session.state, ...patch, updated_at_ms: updatedAtMs };
    }
    return this.#writer.write(sessionId, { op: "put" });
  }

  /** The session's token was replaced: its record must live as long as the new one. */
  renew(sessionId: string, tokenExpiresAtMs: number): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return;
    session.tokenExpiresAtMs = tokenExpiresAtMs;
    this.#writer.post(sessionId, { op: "put" });
  }

  /**
   * A session goes on where an earlier one of the same user stopped. The outcome's `changed` is
   * false when the earlier one is not known, not the user's, or resumed already and told so.
   *
   * @throws {StoreUnavailableError} when the store is away; it is tried again, and whoever asks again
   * learns what came of it
   */
  async resume(sessionId: string, fromSessionId: string): Promise<Outcome> {
    const outcome = await this.#writer.write(sessionId, { op: "resume", fromSessionId });
    const session = this.#sessions.get(sessionId);
    const changed = hasResumed(outcome, sessionId, fromSessionId) &&
      session?.toldResumedFrom !== fromSessionId;
    if (changed && session !== undefined) session.toldResumedFrom = fromSessionId;
    return { ...outcome, changed };
  }

  /** A session is over for good. */
  leave(sessionId: string): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined || session.isLeaving) return;
    this.#options.counters.presenceLeaves++;
    session.grace?.cancel();
    session.isLeaving = true;
    this.#writer.post(sessionId, { op: "leave" });
  }

  /** A session's socket broke: it is over unless its client comes back within the grace. */
  breakOff(sessionId: string): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined || session.isLeaving) return;
    if (this.#options.graceMs === 0) this.leave(sessionId);
    else {
      session.grace = this.#options.wheel.schedule(
        this.#options.graceMs,
        () => this.leave(sessionId),
      );
    }
  }

  /** Resolves when what {@linkcode registerAgain} began is done, or cannot be done now. */
  get registered(): Promise<unknown> {
    return this.#registered;
  }

  /** There is a lease to write under: every live session is written, under its instance. */
  registerAgain(): void {
    for (const [sessionId, session] of this.#sessions) {
      // What was leaving was the old instance's, and is over together with it.
      if (session.isLeaving) this.#sessions.delete(sessionId);
      else session.state = { ...session.state, instance: this.#options.instance() };
    }
    this.#writer.resume();
    const ids = [...this.#sessions.keys()];
    this.#registered = Promise.allSettled(ids.map((id) => this.#writer.write(id, { op: "put" })));
  }

  /** Ends all sessions and resolves when that is written. */
  async leaveAll(): Promise<void> {
    for (const sessionId of [...this.#sessions.keys()]) this.leave(sessionId);
    await this.#writer.idle();
  }

  stop(): void {
    this.#writer.stop();
    for (const { grace, again } of this.#sessions.values()) {
      grace?.cancel();
      again?.cancel();
    }
  }

  /** Now, in ms; updates within one millisecond are told apart, unless there is a flood of them. */
  #stampMs(): number {
    const nowMs = Date.now();
    this.#lastStampMs = Math.min(Math.max(nowMs, this.#lastStampMs + 1), nowMs + MAX_AHEAD_MS);
    return this.#lastStampMs;
  }

  #change(sessionId: string, intent: Intent): Change | undefined {
    const session = this.#sessions.get(sessionId);
    if (session === undefined || (session.isLeaving && intent.op === "put")) return undefined;
    // What the store never heard of need not leave.
    if (intent.op === "leave" && !session.wasSent) {
      this.#sessions.delete(sessionId);
      return undefined;
    }
    session.wasSent = true;
    const known_version = this.#options.knownVersion(session.userId);
    const change = changeOf(session, intent, Date.now());
    return known_version === undefined ? change : { ...change, known_version };
  }

  #onOutcome(sessionId: string, intent: Intent, outcome: Outcome, isRepeated: boolean): void {
    if (intent.op === "resume" && hasResumed(outcome, sessionId, intent.fromSessionId)) {
      this.#forget(intent.fromSessionId);
    }
    const session = this.#sessions.get(sessionId);
    const shownAt = session?.shownAt ?? null;
    if (session !== undefined) {
      session.shownAt = outcome.presence.location;
      if (intent.op === "leave") this.#forget(sessionId);
      else if (intent.op === "resume") adopt(session, outcome);
    }
    this.#options.onSessions(outcome.sessions);
    const { presence, changed, previous_location: before } = outcome;
    if (changed || isRepeated) this.#options.announce(presence, [before, shownAt]);
    else if (intent.op === "leave") this.#options.onWasOver(presence);
  }

  /**
   * A session is over, or another one has taken its place: should its socket still live, it is nobody's.
   * While the store may still do something late that brings it back, it is remembered.
   */
  #forget(sessionId: string): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return;
    session.grace?.cancel();
    session.isLeaving = true;
    if (session.again === undefined) this.#sessions.delete(sessionId);
  }

  /** What the store does late undoes what was written since: that is written once more. */
  #onUnanswered(sessionId: string): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return;
    session.again?.cancel();
    session.again = this.#options.wheel.schedule(LATE_MS, () => {
      session.again = undefined;
      this.#writer.post(sessionId, { op: session.isLeaving ? "leave" : "put" });
    });
  }
}
