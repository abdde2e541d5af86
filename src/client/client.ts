/**
 * Client of a Waygate gateway, for browsers, Deno and Node: connects, comes back by itself, calls
 * methods by name and keeps a view of who is online.
 *
 * @module
 */
import type { Methods, MethodTypes } from "../protocol/methods.ts";
import type { Welcome } from "../protocol/notifications.ts";
import type { ClientEvents } from "./client_events.ts";
import type { CallOptions, ClientOptions, ConnectOptions } from "./client_options.ts";
import type { ConnectionReason, ConnectionState } from "./connection_state.ts";
import { Emitter, type ListenOptions, type Unsubscribe } from "./emitter.ts";
import { PresenceView } from "./presence_view.ts";

export * from "./client_error.ts";
export * from "./client_events.ts";
export * from "./client_options.ts";
export * from "./connection_state.ts";
export type { ListenOptions, Unsubscribe } from "./emitter.ts";
export type { PresenceChange, PresenceView, PresenceViewEvents } from "./presence_view.ts";
export { CloseCode } from "../protocol/close_codes.ts";
export { ErrorCode, type ErrorObject, type ParamsIssue, RpcError } from "../protocol/errors.ts";
export type * from "../protocol/json.ts";
export type * from "../protocol/methods.ts";
export type * from "../protocol/notifications.ts";
export type * from "../protocol/presence.ts";

/** Arguments of a call after the method's name: params may be left out where all are optional. */
export type CallArguments<Params> = Record<never, never> extends Params
  ? [params?: Params, options?: CallOptions]
  : [params: Params, options?: CallOptions];

/**
 * A player's connection to the gateway.
 *
 * @typeParam M the methods it can call: `Methods & MyMethods` for a game with methods of its own
 *
 * @example
 * ```ts ignore
 * const client = new WaygateClient({ url: "wss://game.example/ws", token: fetchToken });
 * await client.connect();
 * await client.call("player.updateStatus", { status: "away" });
 * ```
 */
export class WaygateClient<M extends MethodTypes = Methods> {
  /** Who is online. */
  readonly presence: PresenceView = new PresenceView();
  readonly #events = new Emitter<ClientEvents>();

  constructor(_options: ClientOptions) {}

  /** Where the connection stands. */
  get state(): ConnectionState {
    return "idle";
  }

  /** Why there is no connection; null while idle, connecting for the first time, and connected. */
  get reason(): ConnectionReason | null {
    return null;
  }

  /** Round trip of the newest ping, in ms; null before the first. */
  get latencyMs(): number | null {
    return null;
  }

  /** The server's greeting on this connection, or on the last one; null before the first. */
  get welcome(): Welcome | null {
    return null;
  }

  /**
   * Connects, and stays connected until `disconnect()` or a close that forbids to come back.
   * Resolves with the welcome, however many tries it takes; at once when connected.
   *
   * @throws {ClientError} `closed`, with the reason, when coming back is pointless
   */
  connect(_options: ConnectOptions = {}): Promise<Welcome> {
    return Promise.reject(new Error("Not built yet"));
  }

  /** Ends the connection, and all trying. Resolves when the socket is closed. */
  disconnect(): Promise<void> {
    return Promise.resolve();
  }

  /** Tries now instead of at `reason.retryAtMs`; connects anew when closed. For a button. */
  reconnectNow(): void {}

  /**
   * Calls a method and resolves with its result.
   *
   * A request that was sent is never sent again: when the connection breaks before the answer, it
   * rejects with `outcome_unknown`.
   *
   * @throws {RpcError} the server's answer was an error
   * @throws {ClientError} there was no answer
   */
  call<Method extends keyof M & string>(
    _method: Method,
    ..._args: CallArguments<M[Method]["params"]>
  ): Promise<M[Method]["result"]> {
    return Promise.reject(new Error("Not built yet"));
  }

  /**
   * Calls a method without wanting an answer, not even an error.
   *
   * @throws {ClientError} it could not be sent and cannot wait
   */
  notify<Method extends keyof M & string>(
    _method: Method,
    ..._args: Record<never, never> extends M[Method]["params"] ? [params?: M[Method]["params"]]
      : [params: M[Method]["params"]]
  ): void {}

  /** Calls `listener` on each event until unsubscribed. */
  on<Name extends keyof ClientEvents>(
    name: Name,
    listener: (value: ClientEvents[Name]) => void,
    options?: ListenOptions,
  ): Unsubscribe {
    return this.#events.on(name, listener, options);
  }

  /** Calls `listener` on the next event only. */
  once<Name extends keyof ClientEvents>(
    name: Name,
    listener: (value: ClientEvents[Name]) => void,
    options?: ListenOptions,
  ): Unsubscribe {
    return this.#events.once(name, listener, options);
  }

  /** Removes a listener. */
  off<Name extends keyof ClientEvents>(
    name: Name,
    listener: (value: ClientEvents[Name]) => void,
  ): void {
    this.#events.off(name, listener);
  }
}
