import type { Status } from "../protocol/presence.ts";
import type { WheelTimer } from "../timer_wheel.ts";
import type { SessionState } from "./state.ts";
import type { Change, Instance, Outcome } from "./store.ts";
import type { Intent } from "./write_queue.ts";

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

/** A session of this node. */
export interface TrackedSession {
  readonly userId: string;
  state: SessionState;
  tokenExpiresAtMs: number;
  /** Whether the store may know of it. */
  wasSent: boolean;
  /** Where the user was shown when something of this session was written last. */
  shownAt: string | null;
  /** Set while the socket is broken and the session waits for nothing but its grace to pass. */
  grace: WheelTimer | undefined;
  isLeaving: boolean;
  /** Set while a write that was not answered may still be carried out: then the truth is written again. */
  again: WheelTimer | undefined;
  /** The earlier session that it resumed, once whoever asked for it was told. */
  toldResumedFrom: string | undefined;
}

/** A session that has said nothing of itself yet. */
export function beginSession(
  { sessionId, userId, name, connectedAtMs, tokenExpiresAtMs }: NewSession,
  { instance, region }: { readonly instance: Instance; readonly region: string },
): TrackedSession {
  const session_id = sessionId;
  const status = "online";
  const location = null;
  const updated_at_ms = 0;
  const connected_at_ms = connectedAtMs;
  const state = name === undefined
    ? { session_id, instance, region, status, location, updated_at_ms, connected_at_ms } as const
    : {
      session_id,
      instance,
      region,
      name,
      status,
      location,
      updated_at_ms,
      connected_at_ms,
    } as const;
  return {
    userId,
    tokenExpiresAtMs,
    wasSent: false,
    shownAt: null,
    grace: undefined,
    isLeaving: false,
    again: undefined,
    toldResumedFrom: undefined,
    state,
  };
}

/** What to write of a session. */
export function changeOf(session: TrackedSession, intent: Intent, nowMs: number): Change {
  const { userId: user_id, state, tokenExpiresAtMs } = session;
  if (intent.op === "leave") {
    const { session_id, instance } = state;
    return { op: "leave", user_id, session_id, instance, now_ms: nowMs };
  }
  const ttl_ms = Math.max(tokenExpiresAtMs - nowMs, 0) + TTL_MARGIN_MS;
  if (intent.op === "put") return { op: "put", user_id, session: state, now_ms: nowMs, ttl_ms };
  const from_session_id = intent.fromSessionId;
  return { op: "resume", user_id, from_session_id, session: state, now_ms: nowMs, ttl_ms };
}

/** Whether a session has taken another's place, by this change or by an attempt whose answer was lost. */
export function hasResumed(outcome: Outcome, sessionId: string, fromSessionId: string): boolean {
  return sessionIn(outcome, sessionId)?.resumed_from === fromSessionId;
}

/** Takes over what the store let a session go on with. */
export function adopt(session: TrackedSession, outcome: Outcome): void {
  const stored = sessionIn(outcome, session.state.session_id);
  if (stored?.resumed_from === undefined) return;
  session.state = { ...session.state, resumed_from: stored.resumed_from };
  if (stored.updated_at_ms <= session.state.updated_at_ms) return;
  const { status, location, updated_at_ms } = stored;
  session.state = { ...session.state, status, location, updated_at_ms };
}

function sessionIn({ sessions }: Outcome, sessionId: string): SessionState | undefined {
  return sessions.find((session) => session.session_id === sessionId);
}
