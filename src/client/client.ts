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
import type { ListenOptions, Unsubscribe } from "./emitter.ts";
import { ClientEngine } from "./engine.ts";
import { type ClientEnvironment, runtimeEnvironment } from "./environment.ts";
import type { PresenceView } from "./presence_view.ts";

export * from "./client_error.ts";
export type * from "./client_events.ts";
export type * from "./client_options.ts";
export type * from "./connection_state.ts";
export type { ListenOptions, Unsubscribe } from "./emitter.ts";
export type { ClientEnvironment } from "./environment.ts";
export type { PresenceChange } from "./presence_model.ts";
export type { PresenceView, PresenceViewEvents } from "./presence_view.ts";
export { CloseCode } from "../protocol/close_codes.ts";
export { ErrorCode, type ErrorObject, type ParamsIssue, RpcError } from "../protocol/errors.ts";
export type * from "../protocol/json.ts";
export type * from "../protocol/methods.ts";
export type * from "../protocol/notifications.ts";
export type * from "../protocol/presence.ts";

/** Params of a method after its name; they may be left out where all of them are optional. */
export type ParamsArgument<Params> = Record<never, never> extends Params ? [params?: Params]
  : [params: Params];

/**
 * A player's connection to the gateway.
 *
 * @typeParam M the methods it can call: `Methods & MyMethods` for a game with methods of its own
 *
 * @example
 * ```ts
 * import { WaygateClient } from "@waygate/gateway/client";
 *
 * const client = new WaygateClient({
 *   url: "wss://game.example/ws",
 *   token: async () => (await fetch("https://game.example/token")).text(),
 * });
 * client.on("state", ({ state, reason }) => console.log(state, reason?.message));
 * client.on("player.event", ({ from, type, payload }) => console.log(from, type, payload));
 *
 * addEventListener("load", async () => {
 *   await client.connect();
 *   await client.call("player.updateStatus", { status: "away" });
 *   await client.presence.subscribe({ locations: ["lobby"] });
 *   console.log(client.presence.users().size, "in the lobby");
 * });
 * ```
 */
export class WaygateClient<M extends MethodTypes<M> = Methods> {
  readonly #engine: ClientEngine;

  /**
   * Nothing happens before {@linkcode connect}.
   *
   * @param environment time, chance and wake-ups, where they are not the runtime's own
   * @throws {TypeError} the address is none, or the runtime has no WebSocket and none was given
   */
  constructor(options: ClientOptions, environment: ClientEnvironment = runtimeEnvironment) {
    this.#engine = new ClientEngine(options, environment);
  }

  /** Who is online. */
  get presence(): PresenceView {
    return this.#engine.presence;
  }

  /** Where the connection stands. */
  get state(): ConnectionState {
    return this.#engine.connection.state;
  }

  /** Why there is no connection; null while idle, connecting for the first time, and connected. */
  get reason(): ConnectionReason | null {
    return this.#engine.connection.reason;
  }

  /** Round trip of the newest ping, in ms; null before the first. */
  get latencyMs(): number | null {
    return this.#engine.latencyMs;
  }

  /** The server's greeting on this connection, or on the last one; null before the first. */
  get welcome(): Welcome | null {
    return this.#engine.connection.welcome;
  }

  /**
   * Connects, and stays connected until `disconnect()` or a close that forbids to come back.
   * Resolves with the welcome, however many tries it takes; at once when connected.
   *
   * @throws {ClientError} `closed`, with the reason, when coming back is pointless
   */
  connect(options: ConnectOptions = {}): Promise<Welcome> {
    return this.#engine.connection.connect(options);
  }

  /** Ends the connection, and all trying. Resolves when the socket is closed. */
  disconnect(): Promise<void> {
    return this.#engine.disconnect();
  }

  /** Tries now instead of at `reason.retryAtMs`; connects anew when closed. For a button. */
  reconnectNow(): void {
    this.#engine.connection.reconnectNow();
  }

  /**
   * Calls a method and resolves with its result.
   *
   * A request that was sent is never sent again: when the connection breaks before the answer, it
   * rejects with `outcome_unknown`.
   *
   * @throws {RpcError} the server's answer was an error
   * @throws {ClientError} there was no answer
   */
  async call<Method extends keyof M & string>(
    method: Method,
    ...[params, options]: [...params: ParamsArgument<M[Method]["params"]>, options?: CallOptions]
  ): Promise<M[Method]["result"]> {
    return await this.#engine.calls.call(method, params, options as CallOptions | undefined);
  }

  /**
   * Calls a method without wanting an answer, not even an error.
   *
   * @throws {ClientError} it could not be sent and cannot wait
   */
  notify<Method extends keyof M & string>(
    method: Method,
    ...[params]: ParamsArgument<M[Method]["params"]>
  ): void {
    this.#engine.calls.notify(method, params);
  }

  /** Calls `listener` on each event until unsubscribed. */
  on<Name extends keyof ClientEvents>(
    name: Name,
    listener: (value: ClientEvents[Name]) => void,
    options?: ListenOptions,
  ): Unsubscribe {
    return this.#engine.events.on(name, listener, options);
  }

  /** Calls `listener` on the next event only. */
  once<Name extends keyof ClientEvents>(
    name: Name,
    listener: (value: ClientEvents[Name]) => void,
    options?: ListenOptions,
  ): Unsubscribe {
    return this.#engine.events.once(name, listener, options);
  }

  /** Removes a listener. */
  off<Name extends keyof ClientEvents>(
    name: Name,
    listener: (value: ClientEvents[Name]) => void,
  ): void {
    this.#engine.events.off(name, listener);
  }
}
