/**
 * zod schemas of everything in the wire contract. They validate what arrives and become the JSON
 * Schemas of the OpenRPC document; the interfaces beside them say what the fields mean.
 *
 * @module
 */
import { z } from "zod";
import type { Json, JsonObject } from "./json.ts";
import type * as m from "./methods.ts";
import type * as n from "./notifications.ts";
import type { Presence, PresenceStatus, Status } from "./presence.ts";

const ISO = "ISO 8601 UTC with milliseconds";

/** A JWT's `sub`. */
export const UserId: z.ZodType<string> = z.string().min(1).max(128)
  .refine((id) => id.isWellFormed(), "Must not have half a surrogate pair")
  .describe("The JWT's sub");

/** Where a user is. */
export const Location: z.ZodType<string> = z.string().regex(
  /^[A-Za-z0-9_:.-]{1,64}$/,
  "Must be 1 to 64 of A-Z a-z 0-9 _ : . -",
);

const SessionId = z.string().min(1).max(64);
const StatusSchema: z.ZodType<Status> = z.enum(["online", "away", "busy"]);
const PresenceStatusSchema: z.ZodType<PresenceStatus> = z.enum([
  "online",
  "away",
  "busy",
  "offline",
]);
const InstantSchema = z.string().describe(ISO);
const JsonSchema: z.ZodType<Json> = z.unknown() as unknown as z.ZodType<Json>;
const JsonObjectSchema: z.ZodType<JsonObject> = z.custom<JsonObject>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "Must be an object",
).meta({ type: "object" });

/** See {@linkcode Presence}. */
export const PresenceSchema: z.ZodType<Presence> = z.object({
  user_id: UserId,
  name: z.string().exactOptional(),
  status: PresenceStatusSchema,
  location: Location.nullable(),
  last_seen: InstantSchema.nullable(),
  session_id: SessionId.nullable(),
  sessions: z.int().min(0),
  region: z.string().nullable(),
  version: z.int().min(0),
});

const EventTo: z.ZodType<m.EventTarget> = z.union([
  z.strictObject({ user_id: UserId }),
  z.strictObject({ location: Location }),
]);

/** No params. */
export const EmptySchema: z.ZodType<m.Empty> = z.object({}) as z.ZodType<m.Empty>;

/** See {@linkcode m.PingParams}. */
export const PingParams: z.ZodType<m.PingParams> = JsonObjectSchema;
/** See {@linkcode m.PingResult}. */
export const PingResult: z.ZodType<m.PingResult> = z.object({
  server_time: InstantSchema,
  echo: JsonObjectSchema.exactOptional(),
});
/** An OpenRPC document. */
export const DiscoverResult: z.ZodType<JsonObject> = JsonObjectSchema;
/** See {@linkcode m.RefreshParams}. */
export const RefreshParams: z.ZodType<m.RefreshParams> = z.object({ token: z.string().max(16384) });
/** See {@linkcode m.RefreshResult}. */
export const RefreshResult: z.ZodType<m.RefreshResult> = z.object({ expires_at: InstantSchema });
/** See {@linkcode m.UpdatePresenceParams}. */
export const UpdatePresenceParams: z.ZodType<m.UpdatePresenceParams> = z.object({
  status: StatusSchema.exactOptional(),
  location: Location.nullable().exactOptional(),
}).refine(
  (params) => params.status !== undefined || params.location !== undefined,
  "Needs status or location",
);
/** See {@linkcode m.UpdateStatusParams}. */
export const UpdateStatusParams: z.ZodType<m.UpdateStatusParams> = z.object({
  status: StatusSchema,
});
/** See {@linkcode m.UpdateLocationParams}. */
export const UpdateLocationParams: z.ZodType<m.UpdateLocationParams> = z.object({
  location: Location.nullable(),
});
/** See {@linkcode m.SendEventParams}. */
export const SendEventParams: z.ZodType<m.SendEventParams> = z.object({
  to: EventTo,
  type: z.string().min(1).max(64),
  payload: JsonSchema.exactOptional(),
  idempotency_key: z.string().min(1).max(128).exactOptional(),
});
/** See {@linkcode m.SendEventResult}. */
export const SendEventResult: z.ZodType<m.SendEventResult> = z.object({ event_id: z.string() });
/** See {@linkcode m.PresenceGetParams}. */
export const PresenceGetParams: z.ZodType<m.PresenceGetParams> = z.object({
  user_ids: z.array(UserId).min(1).max(100),
});
/** See {@linkcode m.PresencesResult}. */
export const PresencesResult: z.ZodType<m.PresencesResult> = z.object({
  presences: z.array(PresenceSchema),
});
/** See {@linkcode m.PresenceListParams}. */
export const PresenceListParams: z.ZodType<m.PresenceListParams> = z.object({
  location: Location.exactOptional(),
  cursor: z.string().max(1024).exactOptional(),
  limit: z.int().min(1).max(500).exactOptional().describe("100 when absent"),
});
/** See {@linkcode m.PresenceListResult}. */
export const PresenceListResult: z.ZodType<m.PresenceListResult> = z.object({
  presences: z.array(PresenceSchema),
  cursor: z.string().nullable(),
  total: z.int().min(0),
});
/** See {@linkcode m.PresenceInterestParams}. */
export const PresenceInterestParams: z.ZodType<m.PresenceInterestParams> = z.object({
  users: z.array(UserId).max(1000).exactOptional(),
  locations: z.array(Location).max(100).exactOptional(),
  all: z.boolean().exactOptional(),
});
/** See {@linkcode m.ResumeParams}. */
export const ResumeParams: z.ZodType<m.ResumeParams> = z.object({
  session_id: SessionId,
  last_seq: z.int().min(0),
});
/** See {@linkcode m.ResumeResult}. */
export const ResumeResult: z.ZodType<m.ResumeResult> = z.object({
  resumed: z.boolean(),
  replayed: z.int().min(0),
});
const LevelSchema: z.ZodType<m.AnnouncementLevel> = z.enum(["info", "warning", "critical"]);
/** See {@linkcode m.AnnounceParams}. */
export const AnnounceParams: z.ZodType<m.AnnounceParams> = z.object({
  message: z.string().min(1).max(4096),
  level: LevelSchema.exactOptional(),
});
/** See {@linkcode m.AnnounceResult}. */
export const AnnounceResult: z.ZodType<m.AnnounceResult> = z.object({
  announcement_id: z.string(),
});
/** See {@linkcode m.KickParams}. */
export const KickParams: z.ZodType<m.KickParams> = z.object({
  user_id: UserId,
  reason: z.string().min(1).max(100).exactOptional(),
});
/** See {@linkcode m.KickResult}. */
export const KickResult: z.ZodType<m.KickResult> = z.object({ sessions: z.int().min(0) });

/** Params of `presence.updated`; changes travel in the same shape between nodes. */
export const PresenceUpdatedSchema: z.ZodType<n.PresenceUpdated> = z.object({
  presences: z.array(PresenceSchema),
});

/** Schemas of what the server sends unasked, by notification name. */
export const NOTIFICATION_SCHEMAS: {
  readonly [Name in keyof n.Notifications]: z.ZodType<n.Notifications[Name]>;
} = {
  "system.welcome": z.object({
    session_id: SessionId,
    user_id: UserId,
    node_id: z.string(),
    region: z.string(),
    server_time: InstantSchema,
    protocol: z.literal(1),
    heartbeat_interval_ms: z.int(),
    max_message_bytes: z.int(),
    token_expires_at: InstantSchema,
    presence: PresenceSchema,
  }),
  "system.announcement": z.object({
    seq: z.int().min(0),
    announcement_id: z.string(),
    level: LevelSchema,
    message: z.string(),
    sent_at: InstantSchema,
  }),
  "system.token_expiring": z.object({ expires_at: InstantSchema }),
  "system.shutdown": z.object({ reason: z.string(), reconnect_after_ms: z.int().min(0) }),
  "system.error": z.object({
    code: z.int(),
    message: z.string(),
    data: JsonSchema.exactOptional(),
  }),
  "presence.updated": PresenceUpdatedSchema,
  "player.event": z.object({
    seq: z.int().min(0),
    event_id: z.string(),
    from: UserId.nullable(),
    to: EventTo,
    type: z.string(),
    payload: JsonSchema,
    sent_at: InstantSchema,
  }),
};
