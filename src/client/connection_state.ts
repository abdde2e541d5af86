/**
 * Where a connection stands.
 *
 * - `idle`: never connected.
 * - `connecting`: the first try is under way.
 * - `connected`: the server's welcome has arrived.
 * - `reconnecting`: waiting for the next try (then `reason.retryAtMs` says until when) or trying.
 * - `closed`: over until `connect()` is called again; `reason` says why.
 */
export type ConnectionState = "idle" | "connecting" | "connected" | "reconnecting" | "closed";

/** Why a connection is not there. Stable: programs may decide by it. */
export type ReasonCode =
  /** This client called `disconnect()`. */
  | "disconnected"
  /** The signal given to `connect()` was aborted. */
  | "aborted"
  /** No connection could be made: network, address, or a server that is full or starting. */
  | "unreachable"
  /** The connection broke. */
  | "connection_lost"
  /** Nothing came from the server any more, not even the answer to a ping; or the server says so of us. */
  | "heartbeat_lost"
  /** The server is restarting (1001, 1012). */
  | "server_restart"
  /** The server failed (1011). */
  | "server_error"
  /** The server ended the connection (1000). */
  | "ended_by_server"
  /** The server refused the token. */
  | "unauthorized"
  /** The token function failed or gave no token. */
  | "token_failed"
  /** A moderator removed the player. */
  | "kicked"
  /** The player connected elsewhere too often. */
  | "session_limit"
  /** This client read too slowly. */
  | "slow_reader"
  /** This client sent too much. */
  | "flooding"
  /** A message was larger than the server takes. */
  | "too_large"
  /** The server speaks a version of the protocol that this client does not. */
  | "incompatible";

/** Why the connection is not there, for programs (`code`) and players (`message`). */
export interface ConnectionReason {
  /** Decide by it: `message` may change. */
  readonly code: ReasonCode;
  /** A sentence or two that a player can read. */
  readonly message: string;
  /** The WebSocket close code, where there was one. */
  readonly closeCode?: number;
  /** The server's own words, where there were some: for logs. */
  readonly detail?: string;
  /** When the next try starts, in ms since 1970; absent while trying, and when there is none. */
  readonly retryAtMs?: number;
  /** Failed tries so far since the connection was last stable. */
  readonly attempt: number;
}

/** A step from one state to the next, or news within one (the next try's time). */
export interface StateChange {
  /** From now on. */
  readonly state: ConnectionState;
  /** Until now; equal to `state` when only the reason changed. */
  readonly previous: ConnectionState;
  /** Null while idle, connecting for the first time, and connected. */
  readonly reason: ConnectionReason | null;
}
