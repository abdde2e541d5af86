import type { Status } from "../protocol/presence.ts";
import type { WheelTimer } from "../timer_wheel.ts";
import type { SessionState } from "./state.ts";
import type { Change, Instance } from "./store.ts";
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
