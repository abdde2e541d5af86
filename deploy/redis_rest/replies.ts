/**
 * Redis's replies as JSON.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** A reply as ioredis gives it when asked for bytes. Errors stand inside arrays only. */
export type Reply = Buffer | number | null | Error | readonly Reply[];

/** What became of one command. */
export type Outcome = { readonly result: Reply } | { readonly error: string };

/** A reply as it stands in a response. */
export type JsonReply = string | number | null | readonly JsonReply[];

/** One command's part of a response. */
export type JsonOutcome = { readonly result: JsonReply } | { readonly error: string };

/** How strings are written: as UTF-8 text, or as base64 so that any bytes survive. */
export type ReplyEncoding = "utf8" | "base64";

/** Makes JSON of an outcome. Error messages are text in either encoding. */
export function encodeOutcome(outcome: Outcome, encoding: ReplyEncoding): JsonOutcome {
  if ("error" in outcome) return outcome;
  const { result } = outcome;
  // Clients do not decode a bare OK; in an array they do decode it.
  if (Buffer.isBuffer(result) && result.equals(OK)) return { result: "OK" };
  return { result: encodeReply(result, encoding) };
}

const OK = Buffer.from("OK");

function encodeReply(reply: Reply, encoding: ReplyEncoding): JsonReply {
  if (Buffer.isBuffer(reply)) return reply.toString(encoding);
  if (reply instanceof Error) return Buffer.from(reply.message).toString(encoding);
  if (reply === null || typeof reply === "number") return reply;
  return reply.map((part) => encodeReply(part, encoding));
}
