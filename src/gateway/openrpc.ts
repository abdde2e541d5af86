import { z } from "zod";
import { ErrorCode, errorMessage } from "../protocol/errors.ts";
import type { JsonObject } from "../protocol/json.ts";
import { NOTIFICATION_SCHEMAS } from "../protocol/schemas.ts";
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

/**
 * Describes a table of methods, and what the server sends unasked, as an OpenRPC document. What the
 * server sends is a method without a result, tagged `notification`.
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
        summary: "Sent by the server",
        tags: [{ name: "notification" }],
        paramStructure: "by-name",
        params: describeParams(schema, "output"),
      })),
    ],
  };
}

function describeMethod(name: string, method: AnyMethod): JsonObject {
  const errors = method.scope === undefined
    ? COMMON_ERRORS
    : [...COMMON_ERRORS, ErrorCode.forbidden];
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

function jsonSchema(schema: z.ZodType, io: "input" | "output"): JsonObject {
  const { $schema: _, "~standard": __, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    target: "draft-7",
  }) as Record<string, unknown>;
  return rest as JsonObject;
}
