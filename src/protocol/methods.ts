import type { Json, JsonObject } from "./json.ts";
import type { Presence, Status } from "./presence.ts";

/** Params of `system.ping`; a non-empty object comes back as `echo`. */
export type PingParams = JsonObject;

/** Result of `system.ping`. */
export interface PingResult {
  /** ISO 8601 UTC with milliseconds. */
  readonly server_time: string;
  /** The params as they came; absent when they were empty. */
  readonly echo?: JsonObject;
}

/** Params of `auth.refresh`. */
export interface RefreshParams {
  /** A JWT with the same `sub` as the connection's. */
  readonly token: string;
}

/** Result of `auth.refresh`. */
export interface RefreshResult {
  /** ISO 8601 UTC with milliseconds. */
  readonly expires_at: string;
}

/** Params of `player.updatePresence`: at least one of the two. */
export interface UpdatePresenceParams {
  /** Stays as it is when absent. */
  readonly status?: Status;
  /** 1–64 of `A–Z a–z 0–9 _ : . -`; null for nowhere; stays as it is when absent. */
  readonly location?: string | null;
}

/** Params of `player.updateStatus`. */
export interface UpdateStatusParams {
  /** What others see from now on, until the session says otherwise or ends. */
  readonly status: Status;
}

/** Params of `player.updateLocation`. */
export interface UpdateLocationParams {
  /** 1–64 of `A–Z a–z 0–9 _ : . -`; null for nowhere. */
  readonly location: string | null;
}

/** Who an event is for: one user (all of their sessions) or everyone at a location. */
export type EventTarget = { readonly user_id: string } | { readonly location: string };

/** Params of `player.sendEvent`. */
export interface SendEventParams {
  /** `{user_id}`: all of a user's sessions; `{location}`: everyone there. */
  readonly to: EventTarget;
  /** 1–64 characters. */
  readonly type: string;
  /** Handed over as it is, numbers as doubles; null when absent. */
  readonly payload?: Json;
  /** 1–128 characters; the same key sent again within the resume window happens once. */
  readonly idempotency_key?: string;
}

/** Result of `player.sendEvent`. */
export interface SendEventResult {
  /** The `event_id` of the `player.event` that receivers get. */
  readonly event_id: string;
}

/** Params of `presence.get`. */
export interface PresenceGetParams {
  /** 1–100 user ids. */
  readonly user_ids: readonly string[];
}

/** Result of `presence.get`, in the order asked; also the snapshot of `presence.subscribe`. */
export interface PresencesResult {
  /** Whole, not changes; a user never seen is `offline`, version 0. */
  readonly presences: readonly Presence[];
}

/** Params of `presence.list`. */
export interface PresenceListParams {
  /** Only users who are there; everywhere when absent. */
  readonly location?: string;
  /** As the page before gave it. */
  readonly cursor?: string;
  /** 1–500, 100 when absent. */
  readonly limit?: number;
}

/** Result of `presence.list`. */
export interface PresenceListResult {
  /** Online users of this page, ordered by `user_id` (UTF-8 bytes). */
  readonly presences: readonly Presence[];
  /** Ask for the next page with it; null at the end. */
  readonly cursor: string | null;
  /** Online users in all, on every page. */
  readonly total: number;
}

/** Params of `presence.subscribe` and `presence.unsubscribe`. */
export interface PresenceInterestParams {
  /** User ids. */
  readonly users?: readonly string[];
  /** Whoever is there, comes or goes. */
  readonly locations?: readonly string[];
  /** True: everyone. */
  readonly all?: boolean;
}

/** Params of `session.resume`. */
export interface ResumeParams {
  /** The session of the user's earlier connection. */
  readonly session_id: string;
  /** The greatest `seq` that the client has seen; 0 for none. */
  readonly last_seq: number;
}

/** Result of `session.resume`. */
export interface ResumeResult {
  /** False: more was missed than is kept; take a fresh snapshot. */
  readonly resumed: boolean;
  /** How many missed messages follow. */
  readonly replayed: number;
}

/** How loud an announcement is. */
export type AnnouncementLevel = "info" | "warning" | "critical";

/** Params of `system.announce`; scope `admin`. */
export interface AnnounceParams {
  /** 1–4096 characters. */
  readonly message: string;
  /** `info` when absent. */
  readonly level?: AnnouncementLevel;
}

/** Result of `system.announce`. */
export interface AnnounceResult {
  /** The `announcement_id` of the `system.announcement` that players get. */
  readonly announcement_id: string;
}

/** Params of `system.kick`; scope `admin`. */
export interface KickParams {
  /** Whose sessions to close, 1–128 characters. */
  readonly user_id: string;
  /** 1–100 characters; shown to the player. */
  readonly reason?: string;
}

/** Result of `system.kick`. */
export interface KickResult {
  /** Sessions closed, on every node. */
  readonly sessions: number;
}

/** No params, or no result. */
export type Empty = Record<string, never>;

/** The methods that every gateway has: params and result by name. */
export type Methods = {
  "system.ping": { params: PingParams; result: PingResult };
  "rpc.discover": { params: Empty; result: JsonObject };
  "auth.refresh": { params: RefreshParams; result: RefreshResult };
  "player.updatePresence": { params: UpdatePresenceParams; result: Presence };
  "player.updateStatus": { params: UpdateStatusParams; result: Presence };
  "player.updateLocation": { params: UpdateLocationParams; result: Presence };
  "player.sendEvent": { params: SendEventParams; result: SendEventResult };
  "presence.get": { params: PresenceGetParams; result: PresencesResult };
  "presence.list": { params: PresenceListParams; result: PresenceListResult };
  "presence.subscribe": { params: PresenceInterestParams; result: PresencesResult };
  "presence.unsubscribe": { params: PresenceInterestParams; result: Empty };
  "session.resume": { params: ResumeParams; result: ResumeResult };
  "system.announce": { params: AnnounceParams; result: AnnounceResult };
  "system.kick": { params: KickParams; result: KickResult };
};

/** The shape of a table of methods by name; a game describes its own so, by a type or an interface. */
export type MethodTypes<Table = Record<string, unknown>> = {
  [Name in keyof Table]: { params: unknown; result: unknown };
};
