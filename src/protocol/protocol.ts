/**
 * The wire contract as types and constants: what the gateway and every client agree on.
 *
 * @module
 */
export * from "./close_codes.ts";
export * from "./errors.ts";
export * from "./json.ts";
export * from "./methods.ts";
export * from "./notifications.ts";
export * from "./presence.ts";
