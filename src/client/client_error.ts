import type { ConnectionReason } from "./connection_state.ts";

/** What went wrong on the client's side of a call. Stable: programs may decide by it. */
export type ClientErrorCode =
  /** There is no connection, and none is being made. */
  | "not_connected"
  /** The connection ended for good before the request was sent; see {@linkcode ClientError.reason}. */
  | "closed"
  /** Too many requests wait for a connection already. */
  | "queue_full"
  /** The request was sent, then the connection broke: it may have been carried out or not. */
  | "outcome_unknown"
  /** No answer in time. When it was sent it may have been carried out or not. */
  | "timeout"
  /** The message is larger than the server takes. */
  | "too_large"
  /** The token function failed, or gave no token. */
  | "token_failed"
  /** The server sent something that is not in the protocol. */
  | "bad_message";

/** More about a {@linkcode ClientError}. */
export interface ClientErrorDetails {
  /** Whether the request had left. @default {false} */
  readonly sent?: boolean;
  /** Whether the same call may succeed later, without happening twice. @default {false} */
  readonly retryable?: boolean;
  /** Why the connection is not there. @default {null} */
  readonly reason?: ConnectionReason | null;
  /** What was thrown beneath, such as by the token function. */
  readonly cause?: unknown;
}

/** An error that arose in this client; what the server answers is an `RpcError`. */
export class ClientError extends Error {
  /** Tells it from other errors where `instanceof` cannot, as between two bundles. */
  override readonly name = "ClientError";
  /** Decide by it: `message` may change. */
  readonly code: ClientErrorCode;
  /** Whether the request had left when it failed: then the server may have carried it out. */
  readonly sent: boolean;
  /** Whether the same call may succeed later, unchanged, without the risk of happening twice. */
  readonly retryable: boolean;
  /** Why the connection is not there, where that is the cause. */
  readonly reason: ConnectionReason | null;

  /** An error for developers to read, neither sent nor retryable unless `details` say so. */
  constructor(code: ClientErrorCode, message: string, details: ClientErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.sent = details.sent ?? false;
    this.retryable = details.retryable ?? false;
    this.reason = details.reason ?? null;
  }
}
