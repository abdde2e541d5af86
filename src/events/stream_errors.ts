import { errors } from "@nats-io/nats-core";
import { JetStreamApiError } from "@nats-io/jetstream";
import { StreamError, type StreamErrorReason } from "./stream.ts";

/** JetStream's own error codes (`err_code`) that do not pass by themselves. */
const REASONS: Readonly<Record<number, StreamErrorReason>> = {
  10039: "disabled", // JetStream not enabled for account
  10076: "disabled", // JetStream not enabled
  10023: "refused", // insufficient resources
  10026: "refused", // maximum consumers limit reached
  10027: "refused", // maximum number of streams reached
  10028: "refused", // insufficient memory
  10047: "refused", // insufficient storage
  10052: "refused", // the configuration cannot be changed in this way
  10054: "too_large", // message size exceeds maximum allowed
  10058: "refused", // stream name already in use with a different configuration
  10065: "refused", // subjects overlap with an existing stream
  10074: "refused", // replicas > 1 not supported in non-clustered mode
  10077: "refused", // the store is full
};

/** What a failed call to NATS means for the stream. */
export function toStreamError(error: unknown): StreamError {
  if (error instanceof StreamError) return error;
  const cause = { cause: error };
  if (error instanceof JetStreamApiError) {
    const reason = REASONS[error.code] ?? "unavailable";
    return new StreamError(reason, `JetStream answers: ${error.message} (${error.code})`, cause);
  }
  if (error instanceof errors.InvalidArgumentError && error.message.includes("max_payload")) {
    return new StreamError("too_large", "The entry is over the payload limit of NATS", cause);
  }
  const denied = [error, (error as { cause?: unknown } | undefined)?.cause]
    .find((link) => link instanceof errors.PermissionViolationError);
  if (denied !== undefined) {
    const what = `NATS does not permit ${denied.operation} of ${denied.subject}`;
    return new StreamError("refused", `${what}: allow it for the gateway's login`, cause);
  }
  const message = error instanceof Error ? error.message : String(error);
  // Its class is not exported: nobody answers on JetStream's own subjects.
  if (error instanceof Error && error.name === "JetStreamNotEnabled") {
    const what = "NATS runs without JetStream, or not for this login: enable it";
    return new StreamError("disabled", what, cause);
  }
  return new StreamError("unavailable", `JetStream cannot be reached: ${message}`, cause);
}
