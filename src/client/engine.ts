import type { RpcError } from "../protocol/errors.ts";
import type { Json, JsonObject } from "../protocol/json.ts";
import type { RefreshParams, RefreshResult } from "../protocol/methods.ts";
import type { Notifications, Welcome } from "../protocol/notifications.ts";
import type { Presence } from "../protocol/presence.ts";
import { Calls, rpcError } from "./calls.ts";
import { ClientError } from "./client_error.ts";
import type { ClientEvents } from "./client_events.ts";
import type { ClientOptions } from "./client_options.ts";
import { Connection } from "./connection.ts";
import type { StateChange } from "./connection_state.ts";
import { Emitter } from "./emitter.ts";
import type { ClientEnvironment } from "./environment.ts";
import type { StreamMessage } from "./event_stream.ts";
import type { Link } from "./link.ts";
import type { Outgoing } from "./outgoing.ts";
import { updatesPresence } from "./own_presence.ts";
import { PresenceSync } from "./presence_sync.ts";
import { PresenceView, type PresenceViewEvents } from "./presence_view.ts";
import { Session } from "./session.ts";
import { TokenRefresher } from "./token_refresher.ts";
import { TokenSource } from "./token_source.ts";
import { socketConstructor, socketUrl } from "./socket_options.ts";

/** Those of the protocol: all have params. Others are the game's own. */
const NOTIFICATIONS: ReadonlySet<string> = new Set<keyof Notifications>([
  "player.event",
  "presence.updated",
  "system.announcement",
  "system.error",
  "system.shutdown",
  "system.token_expiring",
  "system.welcome",
]);

/** The parts of a client, and which tells what to which. */
export class ClientEngine {
  readonly events = new Emitter<ClientEvents>();
  readonly presence: PresenceView;
  readonly calls: Calls;
  readonly connection: Connection;
  latencyMs: number | null = null;
  readonly #environment: ClientEnvironment;
  readonly #presenceSync: PresenceSync;
  readonly #session: Session;
  readonly #tokens: TokenSource;
  readonly #refresher: TokenRefresher;

  constructor(options: ClientOptions, environment: ClientEnvironment) {
    this.#environment = environment;
    const fail = (error: unknown): void => this.#fail(error);
    this.calls = new Calls(environment, {
      timeoutMs: options.callTimeoutMs ?? 10_000,
      queueLimit: options.queueLimit ?? 100,
    }, {
      sent: (message) => this.#sent(message),
      answered: (request, result) => this.#answered(request, result),
      dropped: fail,
    });
    this.#session = new Session(this.calls, {
      deliver: (message) => this.#deliver(message),
      began: () => this.#presenceSync.reset(),
      gap: (lastSeq) => this.events.emit("gap", { lastSeq }),
      failed: fail,
    }, environment);
    const presenceEvents = new Emitter<PresenceViewEvents>();
    this.#presenceSync = new PresenceSync({
      call: (method, params, callOptions) => this.calls.call(method, params, callOptions),
      changed: (change) => presenceEvents.emit("change", change),
      failed: fail,
    }, environment);
    this.presence = new PresenceView(this.#presenceSync, presenceEvents);
    const timeoutMs = options.connectTimeoutMs ?? 10_000;
    this.#tokens = new TokenSource(options.token, environment, timeoutMs);
    this.#refresher = new TokenRefresher(
      this.#tokens,
      environment,
      async (token, signal) => {
        const result: unknown = await this.calls.call("auth.refresh", { token }, { signal });
        return result as RefreshResult;
      },
      fail,
    );
    this.connection = new Connection(
      {
        url: socketUrl(options.url),
        WebSocket: socketConstructor(options.WebSocket),
        timeoutMs,
      },
      this.#tokens,
      environment,
      {
        message: (message) => this.#message(message),
        greeted: (welcome, link, ready) => this.#greeted(welcome, link, ready),
        ping: () => this.#ping(),
        detached: () => this.#detached(),
        changed: (change) => this.#changed(change),
        failed: fail,
      },
    );
  }

  /** Ends the connection; the next one is a fresh start. */
  disconnect(): Promise<void> {
    this.#session.end();
    return this.connection.disconnect();
  }

  #greeted(welcome: Welcome, link: Link, ready: () => void): void {
    this.calls.attach((text) => link.send(text), welcome.max_message_bytes);
    this.#session.greeted(welcome, ready);
  }

  #detached(): void {
    this.calls.detach();
    this.#session.detached();
    this.#presenceSync.detached();
    this.#refresher.stop();
  }

  #changed(change: StateChange): void {
    const { state, reason } = change;
    const { welcome } = this.connection;
    if (state === "connected" && welcome !== null) {
      this.calls.open();
      this.#presenceSync.connected(welcome.presence);
      this.#ping();
    } else if (state === "closed" && reason !== null) {
      this.calls.shut(reason);
    } else {
      this.calls.wait();
    }
    this.events.emit("state", change);
  }

  #message(message: JsonObject): void {
    this.#trace("in", message);
    const { method, id, error } = message;
    try {
      if (typeof method === "string" && id === undefined) this.#notified(message, method);
      // An error that names no request answers something that could not even be read.
      else if (!this.calls.answer(message) && error !== undefined && id === null) {
        this.#fail(rpcError(error));
      }
    } catch (cause) {
      this.#fail(
        new ClientError("bad_message", "The server sent a message of another shape", { cause }),
      );
    }
  }

  #notified(message: JsonObject, method: string): void {
    if (!NOTIFICATIONS.has(method)) {
      return this.events.emit("notification", { method, params: message["params"] });
    }
    const params = message["params"] as unknown;
    if (Object(params) !== params) throw new TypeError(`${method} has no params`);
    switch (method as keyof Notifications) {
      case "player.event":
      case "system.announcement":
        return this.#session.stream.accept({ method, params: params as StreamMessage["params"] });
      case "presence.updated":
        this.#presenceSync.update((params as Notifications["presence.updated"]).presences);
        break;
      case "system.token_expiring":
        this.#refresher.start((params as Notifications["system.token_expiring"]).expires_at);
        break;
      case "system.error":
        this.#fail(rpcError(params));
        break;
    }
    this.#deliver({ method, params } as StreamMessage);
  }

  #deliver({ method, params }: StreamMessage): void {
    this.events.emit(method as keyof Notifications, params as never);
  }

  #sent(message: Outgoing): void {
    if (message.id === undefined) this.#session.notified(message);
    if (this.events.has("message")) this.#trace("out", message.message);
  }

  #answered(request: Outgoing, result: Json): void {
    const { method } = request;
    this.#session.answered(request, result);
    if (updatesPresence(method)) this.#presenceSync.update([result as unknown as Presence]);
    if (method === "auth.refresh") this.#tokens.use((request.params as RefreshParams).token);
  }

  #ping(): void {
    const sentAt = this.#environment.now();
    this.calls.call("system.ping", undefined, {}, true).then(() => {
      // A clock that was set back would make it less than nothing.
      this.latencyMs = Math.max(0, this.#environment.now() - sentAt);
      this.events.emit("latency", this.latencyMs);
      // Whether silence means an end is the heartbeat's to say.
    }, () => {});
  }

  /** Of what fails here, everything is one of the two; what was aborted is not told. */
  #fail(error: unknown): void {
    this.events.emit("error", error as ClientError | RpcError);
  }

  #trace(direction: "in" | "out", message: JsonObject): void {
    if (!this.events.has("message")) return;
    // Whatever listens may write it down, and a token is a secret.
    const masked = message["method"] === "auth.refresh"
      ? { ...message, params: { token: "…" } }
      : message;
    this.events.emit("message", { direction, message: masked });
  }
}
