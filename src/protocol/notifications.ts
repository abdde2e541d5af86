import type { Json } from "./json.ts";
import type { AnnouncementLevel, EventTarget } from "./methods.ts";
import type { Presence } from "./presence.ts";

/** Version of the wire contract, as `system.welcome` reports it. */
export const PROTOCOL_VERSION = 1;

/** Subprotocol of one message a frame. */
export const SUBPROTOCOL = "waygate.v1";

/** Subprotocol by which a client agrees to several messages gathered in one frame. */
export const SUBPROTOCOL_BATCH = "waygate.v1.batch";

/** Prefix of the subprotocol list entry that carries a token. */
export const SUBPROTOCOL_TOKEN_PREFIX = "bearer.";

/** Params of `system.welcome`, the first message of every connection. */
export interface Welcome {
  readonly session_id: string;
  readonly user_id: string;
  readonly node_id: string;
  readonly region: string;
  readonly server_time: string;
  readonly protocol: typeof PROTOCOL_VERSION;
  readonly heartbeat_interval_ms: number;
  readonly max_message_bytes: number;
  readonly token_expires_at: string;
  readonly presence: Presence;
}

/** Params of `system.announcement`. */
export interface Announcement {
  /** Grows within the user's stream of events and announcements; not without gaps. */
  readonly seq: number;
  readonly announcement_id: string;
  readonly level: AnnouncementLevel;
  readonly message: string;
  readonly sent_at: string;
}

/** Params of `system.token_expiring`. */
export interface TokenExpiring {
  readonly expires_at: string;
}

/** Params of `system.shutdown`, sent before close 1001 or 1012. */
export interface Shutdown {
  readonly reason: string;
  /** How long to stay away, in milliseconds; differs from client to client. */
  readonly reconnect_after_ms: number;
}

/** Params of `system.error`: an error that no request asked for. */
export interface SystemError {
  readonly code: number;
  readonly message: string;
  /** Before a close: `close_code`, and what the code's error carries. */
  readonly data?: Json;
}

/** Params of `presence.updated`. */
export interface PresenceUpdated {
  readonly presences: readonly Presence[];
}

/** Params of `player.event`. */
export interface PlayerEvent {
  /** Grows within the user's stream of events and announcements; not without gaps. */
  readonly seq: number;
  readonly event_id: string;
  /** User id of the sender; null when a service sent it without one. */
  readonly from: string | null;
  readonly to: EventTarget;
  readonly type: string;
  readonly payload: Json;
  readonly sent_at: string;
}

/** What the server sends unasked: params by notification name. */
export type Notifications = {
  "system.welcome": Welcome;
  "system.announcement": Announcement;
  "system.token_expiring": TokenExpiring;
  "system.shutdown": Shutdown;
  "system.error": SystemError;
  "presence.updated": PresenceUpdated;
  "player.event": PlayerEvent;
};
