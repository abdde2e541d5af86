import { type ErrorCode, errorMessage, type RpcError } from "../protocol/errors.ts";
import type { Json } from "../protocol/json.ts";

/** A frame to send, or none. An array is the answer to a batch. */
export type Reply = string | undefined;

/** What is refused at sight: an `RpcError` with its stack would cost many times the rest of the reply. */
export function refusal(id: string, code: ErrorCode, data: Json | undefined): string {
  const error = JSON.stringify({ code, message: errorMessage(code), data });
  return `{"jsonrpc":"2.0","id":${id},"error":${error}}`;
}

/** The reply to a request that failed. */
export function errorReply(id: string, error: RpcError): string {
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(error)}}`;
}

/** The array that answers a batch; none when nothing in it wants an answer (§6). */
export function batchReply(replies: readonly Reply[]): Reply {
  const wanted = replies.filter((reply) => reply !== undefined);
  return wanted.length === 0 ? undefined : `[${wanted.join(",")}]`;
}
