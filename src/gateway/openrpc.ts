import { z } from "zod";
import { ErrorCode, errorMessage } from "../protocol/errors.ts";
import type { Json, JsonObject } from "../protocol/json.ts";
import type { Notifications } from "../protocol/notifications.ts";
import { NOTIFICATION_SCHEMAS, PresenceSchema } from "../protocol/schemas.ts";
import type { AnyMethod, MethodTable } from "./method.ts";

/** Version of the OpenRPC specification that the document follows. */
const OPENRPC_VERSION = "1.3.2";

/** Errors that any method may answer with. */
const COMMON_ERRORS: readonly ErrorCode[] = [
  ErrorCode.invalidParams,
  ErrorCode.internal,
  ErrorCode.rateLimited,
  ErrorCode.unavailable,
];

const NOTIFICATION_SUMMARIES: Readonly<Record<keyof Notifications, string>> = {
  "system.welcome": "First message of every connection",
  "system.announcement": "Something for every player",
  "system.token_expiring": "The connection's token runs out soon: send auth.refresh",
  "system.shutdown": "The node goes away: close 1001 or 1012 follows",
  "system.error": "An error that no request asked for; before a 44xx close with its close_code",
  "presence.updated": "Presence of watched users has changed: the newest of each",
  "player.event": "An event for this user, or for everyone where the user is",
};

/**
 * Describes a table of methods, and what the server sends unasked, as an OpenRPC document. What the
 * server sends is a method without a result, tagged `notification`. A presence is described once,
 * below `components`. Objects that the server sends may get more members in time, so their schemas
 * forbid none.
 *
 * @param version of the gateway
 */
export function describeMethods(methods: MethodTable, version: string): JsonObject {
  return {
    openrpc: OPENRPC_VERSION,
    info: {
      title: "Waygate",
      version,
      description: "JSON-RPC 2.0 over a WebSocket; params go by name",
      license: { name: "MIT" },
    },
    methods: [
      ...Object.entries(methods).map(([name, method]) => describeMethod(name, method)),
      ...Object.entries(NOTIFICATION_SCHEMAS).map(([name, schema]) => ({
        name,
        summary: NOTIFICATION_SUMMARIES[name as keyof Notifications],
        tags: [{ name: "notification" }],
        paramStructure: "by-name",
        params: describeParams(schema, "output"),
      })),
    ],
    components: { schemas: { Presence: plainSchema(PresenceSchema, "output") } },
  };
}

function describeMethod(name: string, method: AnyMethod): JsonObject {
  const errors = [
    ...COMMON_ERRORS,
    ...(name === "auth.refresh" ? [ErrorCode.unauthorized] : []),
    ...(method.scope === undefined ? [] : [ErrorCode.forbidden]),
  ];
  return {
    name,
    ...(method.summary === undefined ? {} : { summary: method.summary }),
    tags: method.scope === undefined ? [] : [{ name: `scope:${method.scope}` }],
    paramStructure: "by-name",
    params: describeParams(method.params, "input"),
    result: { name: "result", schema: jsonSchema(method.result, "output") },
    errors: errors.map((code) => ({ code, message: errorMessage(code) })),
  };
}

function describeParams(schema: z.ZodType, io: "input" | "output"): JsonObject[] {
  const { properties, required } = jsonSchema(schema, io) as {
    properties?: Record<string, JsonObject>;
    required?: readonly string[];
  };
  return Object.entries(properties ?? {}).map(([name, property]) => ({
    name,
    required: required?.includes(name) ?? false,
    schema: property,
  }));
}

/** A schema that names the presence instead of spelling it out. */
function jsonSchema(schema: z.ZodType, io: "input" | "output"): JsonObject {
  return share(plainSchema(schema, io), JSON.stringify(plainSchema(PresenceSchema, io)));
}

function share(schema: JsonObject, presence: string): JsonObject {
  if (JSON.stringify(schema) === presence) return { $ref: "#/components/schemas/Presence" };
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, shareWithin(value, presence)]),
  );
}

function shareWithin(value: Json, presence: string): Json {
  if (Array.isArray(value)) return value.map((item) => shareWithin(item, presence));
  return isObject(value) ? share(value, presence) : value;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function plainSchema(schema: z.ZodType, io: "input" | "output"): JsonObject {
  const { $schema: _, "~standard": __, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    target: "draft-7",
    override({ jsonSchema: written }) {
      if (io === "output" && written.additionalProperties === false) {
        delete written.additionalProperties;
      }
    },
  }) as Record<string, unknown>;
  return rest as JsonObject;
}
