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
  /** Of this connection; `session.resume` of a later one takes it. */
  readonly session_id: string;
  /** The token's `sub`. */
  readonly user_id: string;
  /** The node that holds the connection. */
  readonly node_id: string;
  /** The node's region. */
  readonly region: string;
  /** ISO 8601 UTC with milliseconds. */
  readonly server_time: string;
  /** Version of the wire contract. */
  readonly protocol: typeof PROTOCOL_VERSION;
  /** In milliseconds; a silent peer is dropped within two of them. */
  readonly heartbeat_interval_ms: number;
  /** Largest message that the server takes, in bytes of UTF-8. */
  readonly max_message_bytes: number;
  /** ISO 8601 UTC with milliseconds; send `auth.refresh` before. */
  readonly token_expires_at: string;
  /** The user's own, this session included. */
  readonly presence: Presence;
}

/** Params of `system.announcement`. */
export interface Announcement {
  /** Grows within the user's stream of events and announcements; not without gaps. */
  readonly seq: number;
  /** The same for every player. */
  readonly announcement_id: string;
  /** How loud to show it. */
  readonly level: AnnouncementLevel;
  /** Text for players. */
  readonly message: string;
  /** ISO 8601 UTC with milliseconds. */
  readonly sent_at: string;
}

/** Params of `system.token_expiring`. */
export interface TokenExpiring {
  /** ISO 8601 UTC with milliseconds. */
  readonly expires_at: string;
}

/** Params of `system.shutdown`, sent before close 1001 or 1012. */
export interface Shutdown {
  /** For logs: `restart`. */
  readonly reason: string;
  /** How long to stay away, in milliseconds; differs from client to client. */
  readonly reconnect_after_ms: number;
}

/** Params of `system.error`: an error that no request asked for. */
export interface SystemError {
  /** See the error codes. */
  readonly code: number;
  /** A short sentence in English, for developers; programs decide by `code`. */
  readonly message: string;
  /** Before a close: `close_code`, and what the code's error carries. */
  readonly data?: Json;
}

/** Params of `presence.updated`. */
export interface PresenceUpdated {
  /** The newest of each user that changed, each user once. */
  readonly presences: readonly Presence[];
}

/** Params of `player.event`. */
export interface PlayerEvent {
  /** Grows within the user's stream of events and announcements; not without gaps. */
  readonly seq: number;
  /** The same for every receiver. */
  readonly event_id: string;
  /** User id of the sender; null when a service sent it without one. */
  readonly from: string | null;
  /** As the sender gave it: this user, or the location. */
  readonly to: EventTarget;
  /** The sender's name for it, 1–64 characters. */
  readonly type: string;
  /** As the sender gave it; null when absent. */
  readonly payload: Json;
  /** ISO 8601 UTC with milliseconds. */
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
