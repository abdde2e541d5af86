/**
 * How the gateway parts from a client: what it says first, and how it then closes the socket.
 *
 * @module
 */
import { CloseCode } from "../protocol/close_codes.ts";
import { ErrorCode, RpcError } from "../protocol/errors.ts";
import { log } from "../telemetry/log.ts";
import type { TimerWheel } from "../timer_wheel.ts";
import type { Outbox } from "./outbox.ts";
import { encodeNotification } from "./notification.ts";
import type { Socket } from "./socket.ts";

/**
 * A close frame can get lost while the client's messages are still arriving: after the last word we
 * read on for so long, in ms, before closing.
 */
const LINGER_MS = 50;

/** How long a peer may take to answer a close frame, in ms. */
const CLOSE_TIMEOUT_MS = 5000;

/** …and a slow reader, for whom the frame stands behind all that it has not read. */
const SLOW_CLOSE_TIMEOUT_MS = 30_000;

/** A connection that can be closed with an error. */
export interface Failing {
  /** Closes with a 44xx code: `system.error` says why first, since the close frame may get lost. */
  fail(code: number, error: RpcError, reason: string): void;
}

/** A connection on which something can go wrong that is not the client's doing. */
export interface Breakable {
  readonly sessionId: string;
  close(code: number, reason: string): void;
}

/** Something threw that must not: the client is to come back to a connection that works. */
export function failBroken(connection: Breakable, error: unknown): void {
  log.error("Connection failed", {
    session: connection.sessionId,
    error: error instanceof Error ? error.stack ?? error.message : String(error),
  });
  connection.close(CloseCode.internalError, "internal error");
}

/** The client leaves too much unread. */
export function failSlowReader(connection: Failing): void {
  const error = new RpcError(ErrorCode.tooLarge, undefined, "Too much is unread");
  connection.fail(CloseCode.slowReader, error, "too slow a reader");
}

/** The client sends too much. */
export function failFlood(connection: Failing, retryAfterMs: number): void {
  const error = new RpcError(ErrorCode.rateLimited, { retry_after_ms: retryAfterMs });
  connection.fail(CloseCode.flooding, error, "flooding");
}

/** The client answers no pings. */
export function failSilent(connection: Failing): void {
  const error = new RpcError(ErrorCode.unavailable, { part: "client" }, "Heartbeat lost");
  connection.fail(CloseCode.heartbeatLost, error, "heartbeat lost");
}

/** The client's token has run out. */
export function failExpired(connection: Failing): void {
  const error = new RpcError(ErrorCode.unauthorized, { reason: "expired" });
  connection.fail(CloseCode.unauthorized, error, "unauthorized: expired");
}

/** `system.error`, which says why a connection ends. */
export function lastWordOf(code: number, { code: errorCode, message, data }: RpcError): string {
  return encodeNotification("system.error", {
    code: errorCode,
    message,
    data: { ...(data as Record<string, unknown> | undefined), close_code: code },
  });
}

/** Closes a socket once what was said has had time to arrive; drops it when the client never answers. */
export function hangUp(
  socket: Socket,
  outbox: Outbox,
  wheel: TimerWheel,
  code: number,
  reason: string,
): void {
  wheel.schedule(LINGER_MS, () => {
    outbox.shut();
    socket.close(code, reason);
    const timeoutMs = code === CloseCode.slowReader ? SLOW_CLOSE_TIMEOUT_MS : CLOSE_TIMEOUT_MS;
    wheel.schedule(timeoutMs, () => socket.terminate());
  });
}
