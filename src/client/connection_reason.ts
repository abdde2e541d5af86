/**
 * What an ended connection means: for programs a code, for players words, and whether to come back.
 *
 * @module
 */
import { CloseCode, reconnectAdvice } from "../protocol/close_codes.ts";
import type { ConnectionReason, ReasonCode } from "./connection_state.ts";

/** How one try to connect, or one connection, ended. */
export interface LinkEnd {
  /**
   * The close code that counts: the one of `system.error` when the close frame was lost; 1006 also
   * when there was no connection at all.
   */
  readonly code: number;
  /** The server's words, or ours. */
  readonly detail: string;
  /** Set where the close code does not say what happened. */
  readonly cause?: "token_failed" | "incompatible";
  /** Whether the socket had opened. */
  readonly opened: boolean;
  /** When the welcome came, in ms since 1970; null when it did not. */
  readonly welcomedAt: number | null;
  /** How long the server asked to stay away, in ms. */
  readonly retryAfterMs: number;
}

/** So many refused tokens in a row, and the player has to sign in anew. */
const REFUSAL_LIMIT = 5;

const CODES: Readonly<Record<number, ReasonCode>> = {
  [CloseCode.normal]: "ended_by_server",
  [CloseCode.goingAway]: "server_restart",
  [CloseCode.unsupportedData]: "incompatible",
  [CloseCode.messageTooBig]: "too_large",
  [CloseCode.internalError]: "server_error",
  [CloseCode.serviceRestart]: "server_restart",
  [CloseCode.unauthorized]: "unauthorized",
  [CloseCode.kicked]: "kicked",
  [CloseCode.slowReader]: "slow_reader",
  [CloseCode.sessionLimit]: "session_limit",
  [CloseCode.heartbeatLost]: "heartbeat_lost",
  [CloseCode.flooding]: "flooding",
};

const WORDS: Readonly<Record<ReasonCode, string>> = {
  disconnected: "You are disconnected.",
  aborted: "Connecting was cancelled.",
  unreachable: "The game server cannot be reached. Check your internet connection.",
  connection_lost: "The connection was lost.",
  heartbeat_lost: "The game server does not answer. Check your internet connection.",
  server_restart: "The game server is restarting.",
  server_error: "The game server had a problem.",
  ended_by_server: "The game server ended the connection.",
  unauthorized: "Your sign-in was not accepted.",
  token_failed: "Your sign-in could not be renewed.",
  kicked: "You were removed from the game.",
  session_limit: "You connected in too many places at once; this was the oldest one.",
  slow_reader: "Your connection was too slow to keep up.",
  flooding: "Too much was sent from here in a short time.",
  too_large: "Something that was sent from here was too large.",
  incompatible: "This version of the game does not fit the server. Update or reload it.",
};

/** The reason code of an end. */
function reasonCode({ cause, code, detail, opened }: LinkEnd): ReasonCode {
  // A server whose runtime does the pinging closes with 1001, and only its words tell why.
  if (code === CloseCode.goingAway && /\bping\b/.test(detail)) return "heartbeat_lost";
  return cause ?? CODES[code] ?? (opened ? "connection_lost" : "unreachable");
}

/** Whether the server refused the token. */
export function isRefusal({ cause, code }: LinkEnd): boolean {
  return cause === undefined && reconnectAdvice(code) === "new_token";
}

/**
 * Whether coming back is pointless, or forbidden, until the player does something.
 *
 * @param fixedToken whether there is no other token than the one that was used
 * @param refusals how many tokens in a row were refused, this one included
 */
export function isFinal(end: LinkEnd, fixedToken: boolean, refusals: number): boolean {
  if (end.cause === "incompatible") return true;
  if (end.cause === "token_failed") return fixedToken;
  if (isRefusal(end)) return fixedToken || refusals >= REFUSAL_LIMIT;
  return reconnectAdvice(end.code) === "stop";
}

/**
 * What to tell the player.
 *
 * @param detail the server's words, for what only they can tell
 * @param final whether the player has to do something about it
 */
export function reasonMessage(code: ReasonCode, detail = "", final = false): string {
  if (code === "unauthorized") {
    const words = /\bexpired\b/.test(detail) ? "Your sign-in has expired." : WORDS[code];
    return final ? `${words} Sign in again.` : words;
  }
  if (code === "token_failed" && final) return `${WORDS[code]} Sign in again.`;
  const said = code === "kicked" ? /^kicked: *(.+)/i.exec(detail)?.[1] : undefined;
  return said === undefined ? WORDS[code] : `${WORDS[code].slice(0, -1)}: ${said}`;
}

/** An end as it is told. */
export function describeEnd(end: LinkEnd, attempt: number, final: boolean): ConnectionReason {
  const { code: closeCode, detail, cause, opened } = end;
  const code = reasonCode(end);
  return {
    code,
    message: reasonMessage(code, detail, final),
    ...(opened && cause === undefined ? { closeCode } : {}),
    ...(detail === "" ? {} : { detail }),
    attempt,
  };
}

/** How a try ended that did not come to a connection. */
export function noLink(code: number, detail: unknown, cause?: "token_failed"): LinkEnd {
  return {
    code,
    detail: detail instanceof Error ? detail.message : String(detail),
    ...(cause === undefined ? {} : { cause }),
    opened: false,
    welcomedAt: null,
    retryAfterMs: 0,
  };
}
