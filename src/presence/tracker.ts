import type { Status } from "../protocol/presence.ts";
import type { Counters } from "../telemetry/counters.ts";
import type { TimerWheel, WheelTimer } from "../timer_wheel.ts";
import { type Intent, PresenceWriter } from "./writer.ts";
import type { SessionState } from "./state.ts";
import type { Change, Instance, Outcome, PresenceStore } from "./store.ts";

/** A record outlives its session's token by so much, in ms: it is renewed by the next change. */
const TTL_MARGIN_MS = 60_000;

/** A session that begins on this node. */
export interface NewSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly name: string | undefined;
  readonly connectedAtMs: number;
  readonly tokenExpiresAtMs: number;
}

/** What a player says of themselves; what is absent stays. */
export interface PresencePatch {
  readonly status?: Status;
  readonly location?: string | null;
}

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
  /** A change was written; tell those who watch. */
  readonly announce: (outcome: Outcome) => void;
  readonly onLeaseLost: () => void;
  readonly onRefused: (error: unknown) => void;
}

interface Tracked {
  readonly userId: string;
  state: SessionState;
  tokenExpiresAtMs: number;
  /** Whether the store may know of it. */
  wasSent: boolean;
  /** Set while the socket is broken and the session waits for nothing but its grace to pass. */
  grace: WheelTimer | undefined;
  isLeaving: boolean;
}

/**
 * The sessions of this node, and what the store is to know of them. The table here is the truth for
 * them; the store follows, as soon as it can.
 */
export class PresenceTracker {
  readonly #options: TrackerOptions;
  readonly #sessions = new Map<string, Tracked>();
  readonly #writer: PresenceWriter;

  constructor(options: TrackerOptions) {
    this.#options = options;
    this.#writer = new PresenceWriter({
      store: options.store,
      instance: options.instance,
      change: (sessionId, intent) => this.#change(sessionId, intent),
      onOutcome: (sessionId, intent, outcome) => this.#onOutcome(sessionId, intent, outcome),
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
    const { sessionId, userId, name, connectedAtMs, tokenExpiresAtMs } = session;
    this.#sessions.set(sessionId, {
      userId,
      tokenExpiresAtMs,
      wasSent: false,
      grace: undefined,
      isLeaving: false,
      state: {
        session_id: sessionId,
        instance: this.#options.instance(),
        region: this.#options.region,
        ...(name === undefined ? {} : { name }),
        status: "online",
        location: null,
        updated_at_ms: 0,
        connected_at_ms: connectedAtMs,
      },
    });
    return this.#writer.write(sessionId, { op: "put" });
  }

  /** What a session last said of itself. */
  state(sessionId: string): SessionState | undefined {
    return this.#sessions.get(sessionId)?.state;
  }

  /**
   * A session says something new of itself.
   *
   * @throws {StoreUnavailableError} when the store is away; the change is written later
   */
  update(sessionId: string, patch: PresencePatch): Promise<Outcome> {
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) {
      // Two updates of one session within a millisecond are still told apart.
      const updatedAtMs = Math.max(Date.now(), session.state.updated_at_ms + 1);
      session.state = { ...session.state, ...patch, updated_at_ms: updatedAtMs };
    }
    return this.#writer.write(sessionId, { op: "put" });
  }

  /** The session's token was replaced: its record must live as long as the new one. */
  renew(sessionId: string, tokenExpiresAtMs: number): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return;
    session.tokenExpiresAtMs = tokenExpiresAtMs;
    this.#write(sessionId, { op: "put" });
  }

  /**
   * A session goes on where an earlier one of the same user stopped. The outcome's `changed` is
   * false when the earlier one is not known, or not the user's.
   *
   * @throws {StoreUnavailableError}
   */
  async resume(sessionId: string, fromSessionId: string): Promise<Outcome> {
    const outcome = await this.#writer.write(sessionId, { op: "resume", fromSessionId });
    const earlier = this.#sessions.get(fromSessionId);
    if (outcome.changed && earlier?.grace !== undefined) {
      earlier.grace.cancel();
      this.#sessions.delete(fromSessionId);
    }
    return outcome;
  }

  /** A session is over for good. */
  leave(sessionId: string): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined || session.isLeaving) return;
    this.#options.counters.presenceLeaves++;
    session.grace?.cancel();
    session.isLeaving = true;
    this.#write(sessionId, { op: "leave" });
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

  /** Writes every live session again, under the instance that this node has now. */
  registerAgain(): void {
    for (const [sessionId, session] of this.#sessions) {
      if (session.isLeaving) {
        // It was the old instance's, which is over together with it.
        this.#sessions.delete(sessionId);
        continue;
      }
      session.state = { ...session.state, instance: this.#options.instance() };
      this.#write(sessionId, { op: "put" });
    }
  }

  /** Ends all sessions and resolves when that is written. */
  async leaveAll(): Promise<void> {
    for (const sessionId of [...this.#sessions.keys()]) this.leave(sessionId);
    await this.#writer.idle();
  }

  stop(): void {
    this.#writer.stop();
    for (const { grace } of this.#sessions.values()) grace?.cancel();
  }

  /** Writes without waiting: the writer keeps what could not be written. */
  #write(sessionId: string, intent: Intent): void {
    this.#writer.write(sessionId, intent).catch(() => {});
  }

  #change(sessionId: string, intent: Intent): Change | undefined {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return undefined;
    const { userId, state } = session;
    const nowMs = Date.now();
    if (intent.op === "leave") {
      // What the store never heard of need not leave.
      if (!session.wasSent) {
        this.#sessions.delete(sessionId);
        return undefined;
      }
      const { instance } = state;
      return { op: "leave", user_id: userId, session_id: sessionId, instance, now_ms: nowMs };
    }
    session.wasSent = true;
    const ttlMs = Math.max(session.tokenExpiresAtMs - nowMs, 0) + TTL_MARGIN_MS;
    const put = { user_id: userId, session: state, now_ms: nowMs, ttl_ms: ttlMs };
    return intent.op === "put"
      ? { op: "put", ...put }
      : { op: "resume", from_session_id: intent.fromSessionId, ...put };
  }

  #onOutcome(sessionId: string, intent: Intent, outcome: Outcome): void {
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) {
      if (intent.op === "leave") this.#sessions.delete(sessionId);
      else if (intent.op === "resume") this.#adopt(session, outcome);
    }
    this.#options.announce(outcome);
  }

  /** Takes over what the store let the session go on with. */
  #adopt(session: Tracked, outcome: Outcome): void {
    const stored = outcome.sessions.find((other) => other.session_id === session.state.session_id);
    if (stored === undefined || stored.updated_at_ms <= session.state.updated_at_ms) return;
    const { status, location, updated_at_ms } = stored;
    session.state = { ...session.state, status, location, updated_at_ms };
  }
}
