import { BusError } from "../bus/bus.ts";
import { StreamError } from "../events/stream.ts";
import { InvalidCursorError, LeaseLostError, StoreUnavailableError } from "../presence/store.ts";
import { ErrorCode, RpcError } from "../protocol/errors.ts";

/** Told of an error that callers must not see, with the id that they are given instead. */
export type ReportFailure = (requestId: string, error: unknown) => void;

/** The one place where an error becomes what the wire shows of it. */
export function wireError(error: unknown, report: ReportFailure): RpcError {
  if (error instanceof RpcError) return error;
  if (error instanceof StoreUnavailableError || error instanceof LeaseLostError) {
    return new RpcError(ErrorCode.unavailable, { part: "redis" });
  }
  if (error instanceof StreamError) {
    if (error.reason === "too_large") return new RpcError(ErrorCode.tooLarge);
    return new RpcError(ErrorCode.unavailable, { part: "nats" });
  }
  if (error instanceof BusError) return new RpcError(ErrorCode.unavailable, { part: "nats" });
  if (error instanceof InvalidCursorError) {
    const message = "Must be the cursor of an earlier page";
    return new RpcError(ErrorCode.invalidParams, { issues: [{ path: ["cursor"], message }] });
  }
  const requestId = crypto.randomUUID();
  report(requestId, error);
  return new RpcError(ErrorCode.internal, { request_id: requestId });
}
