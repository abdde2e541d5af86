import type { Json, JsonObject } from "./json.ts";

/** Error codes of the wire contract: JSON-RPC 2.0 §5.1 and Waygate's own. HTTP errors use the same. */
export const ErrorCode = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  unauthorized: -32001,
  forbidden: -32002,
  rateLimited: -32003,
  unavailable: -32004,
  tooLarge: -32005,
  notFound: -32006,
} as const;

/** One of the {@linkcode ErrorCode} values. */
export type ErrorCode = typeof ErrorCode[keyof typeof ErrorCode];

const MESSAGES: Readonly<Record<ErrorCode, string>> = {
  [ErrorCode.parseError]: "Parse error",
  [ErrorCode.invalidRequest]: "Invalid Request",
  [ErrorCode.methodNotFound]: "Method not found",
  [ErrorCode.invalidParams]: "Invalid params",
  [ErrorCode.internal]: "Internal error",
  [ErrorCode.unauthorized]: "Unauthorized",
  [ErrorCode.forbidden]: "Forbidden",
  [ErrorCode.rateLimited]: "Rate limited",
  [ErrorCode.unavailable]: "Unavailable",
  [ErrorCode.tooLarge]: "Message too large",
  [ErrorCode.notFound]: "Not found",
};

/** Why a token was refused (`data.reason` of {@linkcode ErrorCode.unauthorized}). */
export type TokenRefusal =
  | "missing"
  | "malformed"
  | "signature"
  | "expired"
  | "not_yet_valid"
  | "issuer"
  | "audience"
  | "claims"
  | "algorithm";

/** One thing that is wrong with params: where (names and indexes from the root) and what. */
export interface ParamsIssue {
  /** Names and indexes from the root of the params; empty for the params as a whole. */
  readonly path: readonly (string | number)[];
  /** What the value must be, in English, for developers. */
  readonly message: string;
}

/** An error as it stands in a JSON-RPC reply (§5.1), an HTTP error body or `system.error`. */
export interface ErrorObject {
  /** An {@linkcode ErrorCode}, or one of a game's own services. */
  readonly code: number;
  /** A short sentence in English, for developers; programs decide by `code`. */
  readonly message: string;
  /** More about the error, shaped by its `code`. */
  readonly data?: Json;
}

/** The fixed message of a code, or a general one for a code that the contract does not name. */
export function errorMessage(code: number): string {
  return MESSAGES[code as ErrorCode] ?? "Server error";
}

/**
 * An error that crosses the wire. Handlers throw it to answer a request with it; the client SDK
 * rejects a call with it.
 */
export class RpcError extends Error {
  /** Tells it from other errors where `instanceof` cannot, as between two bundles. */
  override readonly name = "RpcError";
  /** See {@linkcode ErrorCode}; a game's own services may use others. */
  readonly code: number;
  /** What the error is about, by code; see the wire contract. */
  readonly data: Json | undefined;

  /** An error for developers to read: `message` is the contract's for `code` when left out. */
  constructor(code: number, data?: Json, message: string = errorMessage(code)) {
    super(message);
    this.code = code;
    this.data = data;
  }

  /** Whether the same call may succeed later, unchanged. */
  get retryable(): boolean {
    return this.code === ErrorCode.unavailable || this.code === ErrorCode.rateLimited;
  }

  /** How long to wait before a retry, in milliseconds, where the server said so. */
  get retryAfterMs(): number | undefined {
    const data = this.data;
    if (data === null || typeof data !== "object" || Array.isArray(data)) return undefined;
    const value = (data as JsonObject)["retry_after_ms"];
    return typeof value === "number" ? value : undefined;
  }

  /** The shape that goes on the wire. */
  toJSON(): ErrorObject {
    const { code, message, data } = this;
    return data === undefined ? { code, message } : { code, message, data };
  }
}
