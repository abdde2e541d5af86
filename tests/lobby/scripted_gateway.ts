import type { WebSocketRoute } from "playwright-core";
import type { Json, Presence, Welcome } from "../../src/client/client.ts";
import { ErrorCode, RpcError } from "../../src/protocol/errors.ts";
import { PROTOCOL_VERSION } from "../../src/protocol/notifications.ts";

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: Readonly<Record<string, Json>>;
}

/**
 * Stands for the gateway at the other end of the page's WebSocket, where a test has to choose when an
 * answer comes and what it is. That the lobby works with a real one is shown in tests/e2e.
 */
export class ScriptedGateway {
  /** Who is known, by id. */
  readonly presences = new Map<string, Presence>();
  /** What was asked, in order. */
  readonly requests: Request[] = [];
  /** Errors to answer with, by method. */
  readonly errors = new Map<string, RpcError>();
  /** Whether a connection is greeted. */
  greets = true;
  /** Whether no connection can be made. */
  away = false;
  readonly #held = new Map<string, (() => void)[]>();
  #socket: WebSocketRoute | null = null;
  #userId = "";
  #seq = 0;

  /** Takes a connection of the page. */
  connect(socket: WebSocketRoute, userId: string): void {
    if (this.away) return void socket.close();
    this.#socket = socket;
    this.#userId = userId;
    socket.onMessage((text) => {
      for (const request of [JSON.parse(String(text))].flat()) this.#take(request);
    });
    if (this.greets) this.greet();
  }

  /** Welcomes the page. */
  greet(): void {
    const now = new Date().toISOString();
    const presence = this.#own();
    const welcome: Welcome = {
      session_id: presence.session_id ?? "",
      user_id: this.#userId,
      node_id: "node-1",
      region: "local",
      server_time: now,
      protocol: PROTOCOL_VERSION,
      heartbeat_interval_ms: 30_000,
      max_message_bytes: 65_536,
      token_expires_at: new Date(Date.now() + 3_600_000).toISOString(),
      presence,
    };
    this.#send({ method: "system.welcome", params: welcome });
  }

  /** The params of all requests of a method. */
  asked(method: string): Request["params"][] {
    return this.requests.filter((one) => one.method === method).map(({ params }) => params);
  }

  /** Answers requests of a method no more, until they are released. */
  hold(method: string): void {
    this.#held.set(method, []);
  }

  /** Answers the first of the held requests of a method. */
  release(method: string): void {
    this.#held.get(method)?.shift()?.();
  }

  /** Users come, change or leave. */
  update(...presences: readonly Presence[]): void {
    for (const presence of presences) this.presences.set(presence.user_id, presence);
    this.#send({ method: "presence.updated", params: { presences } });
  }

  /** Changes the player's own presence, as another device would. */
  change(change: Partial<Presence>): Presence {
    const own = this.#own();
    const presence = { ...own, ...change, version: own.version + 1 };
    this.update(presence);
    return presence;
  }

  announce(message: string, level = "info"): void {
    const seq = ++this.#seq;
    const sent_at = new Date().toISOString();
    const params = { seq, announcement_id: `a${seq}`, level, message, sent_at };
    this.send("system.announcement", params);
  }

  /** Any notification. */
  send(method: string, params: object): void {
    this.#send({ method, params });
  }

  /** A chat message for the player. */
  tell(from: string, text: string): void {
    const seq = ++this.#seq;
    this.#send({
      method: "player.event",
      params: {
        seq,
        event_id: `e${seq}`,
        from,
        to: { user_id: this.#userId },
        type: "chat",
        payload: { text },
        sent_at: new Date().toISOString(),
      },
    });
  }

  #own(): Presence {
    const known = this.presences.get(this.#userId);
    if (known !== undefined) return known;
    const presence: Presence = {
      user_id: this.#userId,
      status: "online",
      location: null,
      last_seen: new Date().toISOString(),
      session_id: "ws_1",
      sessions: 1,
      region: "local",
      version: 1,
    };
    this.presences.set(this.#userId, presence);
    return presence;
  }

  #take(request: Request): void {
    this.requests.push(request);
    const held = this.#held.get(request.method);
    if (held === undefined) this.#answer(request);
    else held.push(() => this.#answer(request));
  }

  #answer({ id, method, params }: Request): void {
    const error = this.errors.get(method);
    this.#send(error === undefined ? { id, result: this.#result(method, params) } : { id, error });
  }

  #result(method: string, params: Request["params"]): unknown {
    switch (method) {
      case "presence.subscribe":
        return { presences: [...this.presences.values()] };
      case "presence.get":
        return { presences: (params["user_ids"] as string[]).map((id) => this.#known(id)) };
      case "player.updateStatus":
      case "player.updateLocation":
        return this.change(params as Partial<Presence>);
      case "player.sendEvent":
        return { event_id: `sent-${this.requests.length}` };
      default:
        return {};
    }
  }

  #known(user_id: string): Presence {
    const nobody = { ...this.#own(), user_id, status: "offline" as const, version: 0 };
    return this.presences.get(user_id) ?? nobody;
  }

  #send(message: object): void {
    this.#socket?.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
  }
}

/** A refusal that may pass. */
export const UNAVAILABLE: RpcError = new RpcError(ErrorCode.unavailable);
