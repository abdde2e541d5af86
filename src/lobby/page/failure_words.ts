import { ClientError, ErrorCode, type ParamsIssue, RpcError } from "../../client/client.ts";

/** What to tell a player when something did not work. */
export function failureWords(error: unknown): string {
  if (error instanceof RpcError) return answerWords(error);
  if (error instanceof ClientError) return silenceWords(error);
  return error instanceof Error ? error.message : String(error);
}

function answerWords(error: RpcError): string {
  switch (error.code) {
    case ErrorCode.invalidParams:
      return issuesOf(error).map(({ message }) => `${message}.`).join(" ") || "That cannot be.";
    case ErrorCode.forbidden:
      return "You are not allowed to do that.";
    case ErrorCode.rateLimited:
      return "That was too much at once: wait a moment and try again.";
    case ErrorCode.unavailable:
      return "The gateway cannot do that just now: try again in a moment.";
    case ErrorCode.tooLarge:
      return "That is too long.";
    case ErrorCode.notFound:
      return "There is no such player.";
    default:
      return `The gateway answered: ${error.message}.`;
  }
}

function silenceWords(error: ClientError): string {
  switch (error.code) {
    case "outcome_unknown":
      return "The connection broke before the answer came: it may have worked or not.";
    case "timeout":
      return error.sent
        ? "No answer came in time: it may have worked or not."
        : "There was no connection in time: try again.";
    case "not_connected":
    case "closed":
      return "You are not connected.";
    default:
      return `${error.message}.`;
  }
}

function issuesOf({ data }: RpcError): readonly ParamsIssue[] {
  const issues = (data as { issues?: unknown } | undefined)?.issues;
  return Array.isArray(issues) ? issues : [];
}
