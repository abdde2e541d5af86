import { CloseCode, reconnectAdvice } from "../../src/protocol/close_codes.ts";
import { ErrorCode, errorMessage } from "../../src/protocol/errors.ts";
import { table } from "./markdown.ts";

const ERRORS: Readonly<Record<ErrorCode, string>> = {
  [ErrorCode.parseError]: "The frame is not JSON",
  [ErrorCode.invalidRequest]: "JSON, but no request; an empty batch, or one over `MAX_BATCH`",
  [ErrorCode.methodNotFound]: "There is no such method",
  [ErrorCode.invalidParams]: "`data.issues`: what is wrong (`message`) and where (`path`)",
  [ErrorCode.internal]: "`data.request_id` names the line in the gateway's log",
  [ErrorCode.unauthorized]: "`data.reason`: why the token was refused",
  [ErrorCode.forbidden]: "`data.required`: the scope that the token lacks",
  [ErrorCode.rateLimited]: "`data.retry_after_ms`: when to ask again",
  [ErrorCode.unavailable]: "`data.part`: what cannot be reached. Ask again later",
  [ErrorCode.tooLarge]: "The message is over `MAX_MESSAGE_BYTES`; close 1009 follows",
  [ErrorCode.notFound]: "There is no such thing",
};

const CLOSES: Readonly<Record<CloseCode, string>> = {
  [CloseCode.normal]: "Normal end",
  [CloseCode.goingAway]: "Going away; also when the runtime's own ping got no answer",
  [CloseCode.unsupportedData]: "A binary frame was sent",
  [CloseCode.abnormal]: "The connection broke; never sent",
  [CloseCode.messageTooBig]: "A message was too large",
  [CloseCode.internalError]: "The gateway failed",
  [CloseCode.serviceRestart]: "The node restarts; `system.shutdown` said how long to stay away",
  [CloseCode.unauthorized]: "The token was refused, or has run out",
  [CloseCode.kicked]: "A moderator removed the player",
  [CloseCode.slowReader]: "The client reads too slowly",
  [CloseCode.sessionLimit]: "The user has too many sessions; this was the oldest",
  [CloseCode.heartbeatLost]: "The client gave no sign of life",
  [CloseCode.flooding]: "The client went on sending in spite of -32003",
};

const ADVICE = {
  reconnect: "comes back",
  new_token: "comes back with a new token",
  stop: "stays away",
} as const;

/** The table of error codes. */
export function errorTable(): string {
  return table(
    ["code", "message", "when"],
    Object.entries(ERRORS)
      .sort(([a], [b]) => standardFirst(Number(a)) - standardFirst(Number(b)))
      .map(([code, words]) => [code, errorMessage(Number(code)), words]),
  );
}

/** The table of close codes, and what a client does after each. */
export function closeTable(): string {
  return table(
    ["code", "when", "the client"],
    Object.entries(CLOSES).map(([code, words]) => [
      code,
      words,
      ADVICE[reconnectAdvice(Number(code))],
    ]),
  );
}

/** JSON-RPC's own codes before Waygate's, each counted away from zero. */
function standardFirst(code: number): number {
  return code <= -32600 ? -code - 100_000 : -code;
}
