import { ErrorCode, RpcError } from "../protocol/errors.ts";
import type { Json } from "../protocol/json.ts";

/** An HTTP error in the one shape that all of them have. */
export function httpError(
  status: number,
  error: RpcError,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json({ error }, { status, headers });
}

/** What a request is refused with that no other code describes. */
export function badRequest(message: string, data?: Json): RpcError {
  return new RpcError(ErrorCode.invalidRequest, data, message);
}
