import type { RpcError } from "../protocol/errors.ts";
import type { Json } from "../protocol/json.ts";
import type { Notifications } from "../protocol/notifications.ts";
import type { ClientError } from "./client_error.ts";
import type { StateChange } from "./connection_state.ts";

/** One JSON-RPC message as it went over the wire, tokens blanked: for logs and debuggers. */
export interface TraceMessage {
  /** `in`: from the server; `out`: to it. */
  readonly direction: "in" | "out";
  /** As parsed; in a batch each has its own. */
  readonly message: Json;
}

/** Messages that were missed and are lost: read again what they would have told. */
export interface Gap {
  /** The greatest `seq` seen before the gap; 0 for none. */
  readonly lastSeq: number;
}

/** A notification that the client does not know: one of the game's own services. */
export interface OtherNotification {
  /** As the service named it, such as `inventory.changed`. */
  readonly method: string;
  /** Unchecked; undefined when the notification had none. */
  readonly params: Json | undefined;
}

/** What a client tells: its own events, and every notification of the server by its name. */
export type ClientEvents = Notifications & {
  /** The connection's state or its reason changed. */
  state: StateChange;
  /** Something failed that no call waits for. */
  error: ClientError | RpcError;
  /** A ping came back: its round trip in ms. */
  latency: number;
  /** Events were missed for longer than the server keeps them. */
  gap: Gap;
  /** A notification without an event of its own. */
  notification: OtherNotification;
  /** Every message, both ways. */
  message: TraceMessage;
};
