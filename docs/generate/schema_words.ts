import type { JsonObject } from "../../src/protocol/json.ts";

/** The range that every integer of zod's has: not worth a word. */
const ANY_INTEGER = Number.MAX_SAFE_INTEGER;

/** A JSON Schema in few words, as Markdown: `1 to 100 × string, 1 to 128 characters`. */
export function schemaWords(schema: JsonObject): string {
  if (typeof schema["$ref"] === "string") return "[Presence](#presence)";
  const choices = schema["anyOf"] as readonly JsonObject[] | undefined;
  if (choices !== undefined) return choices.map(schemaWords).join(" or ");
  if (Array.isArray(schema["enum"])) {
    return schema["enum"].map((value) => `\`${value}\``).join(", ");
  }
  if (schema["const"] !== undefined) return `\`${JSON.stringify(schema["const"])}\``;
  const type = schema["type"];
  if (Array.isArray(type)) return type.join(" or ");
  if (type === "array") {
    const count = range(schema["minItems"], schema["maxItems"]);
    return `list of ${schemaWords(schema["items"] as JsonObject)}${count && `; ${count} of them`}`;
  }
  if (type === "object") return objectWords(schema);
  if (type === "string") return stringWords(schema);
  if (type === "integer") {
    const numbers = range(schema["minimum"], schema["maximum"]);
    return numbers === "" ? "integer" : `integer, ${numbers}`;
  }
  return typeof type === "string" ? type : "any JSON";
}

function objectWords(schema: JsonObject): string {
  const properties = Object.entries((schema["properties"] ?? {}) as Record<string, JsonObject>);
  if (properties.length === 0) return "object";
  return `{${
    properties.map(([name, property]) => `${name}: ${schemaWords(property)}`).join(", ")
  }}`;
}

function stringWords({ pattern, minLength, maxLength }: JsonObject): string {
  // The only pattern of the contract is the location's.
  if (pattern !== undefined) return "location";
  const length = range(minLength, maxLength);
  return length === "" ? "string" : `string, ${length} characters`;
}

function range(min: unknown, max: unknown): string {
  const least = typeof min === "number" && min > -ANY_INTEGER ? min : undefined;
  const most = typeof max === "number" && max < ANY_INTEGER ? max : undefined;
  if (least !== undefined && most !== undefined) return `${least} to ${most}`;
  if (most !== undefined) return `at most ${most}`;
  return least === undefined || least === 0 ? "" : `at least ${least}`;
}
