import assert from "node:assert/strict";
import type {
  Json,
  Presence,
  ResumeResult,
  WebSocketLike,
  Welcome,
} from "../../../src/client/client.ts";

/** A message as the client sent it. */
export interface SentMessage {
  readonly id?: number;
  readonly method: string;
  readonly params?: Json;
}

interface SocketEvents {
  open: Record<never, never>;
  message: { readonly data: unknown };
  close: { readonly code: number; readonly reason: string };
  error: Record<never, never>;
}

/**
 * A WebSocket whose other end is the test. It answers `system.ping` by itself until it is dead; all
 * else is for the test to answer.
 */
export class ScriptedSocket implements WebSocketLike {
  readonly url: string;
  readonly protocols: readonly string[];
  readyState = 0;
  /** What the client sent, oldest first, pings left out. */
  readonly sent: SentMessage[] = [];
  /** How many pings came. */
  pings = 0;
  /** The code that the client closed with; null while it has not. */
  closedWith: number | null = null;
  /** Whether nothing gets through any more, either way. */
  dead = false;
  /** Whether pings wait for {@linkcode answerPings}. */
  holdPings = false;
  terminate?: () => void;
  readonly #heldPings: SentMessage[] = [];
  readonly #listeners = new Map<string, ((event: never) => void)[]>();

  constructor(url: string, protocols: string[]) {
    this.url = url;
    this.protocols = protocols;
  }

  addEventListener(type: string, listener: () => void): void {
    this.#listeners.set(type, [...this.#listeners.get(type) ?? [], listener]);
  }

  send(data: string): void {
    assert.equal(this.readyState, 1, "sent on a socket that is not open");
    const message = JSON.parse(data) as SentMessage;
    if (message.method !== "system.ping") {
      this.sent.push(message);
      return;
    }
    this.pings++;
    this.#heldPings.push(message);
    if (!this.holdPings) this.answerPings();
  }

  /** The server answers the pings that it has not answered yet. */
  answerPings(): void {
    for (const ping of this.#heldPings.splice(0)) {
      this.answer(ping, { server_time: "2026-01-01T00:00:00.000Z" });
    }
  }

  close(code = 1005): void {
    if (this.readyState > 1) return;
    this.readyState = 2;
    this.closedWith = code;
    queueMicrotask(() => {
      if (!this.dead) this.end(code);
    });
  }

  /** The server accepts the handshake. */
  open(): void {
    this.readyState = 1;
    this.#dispatch("open", {});
  }

  /** The server accepts the handshake and greets. */
  greet(welcome: Partial<Welcome> = {}): void {
    this.open();
    this.tell("system.welcome", welcomeOf(welcome));
  }

  /** The server sends a notification. */
  tell(method: string, params: unknown): void {
    this.frame(JSON.stringify({ jsonrpc: "2.0", method, params }));
  }

  /** The server answers a request with a result. */
  answer({ id }: SentMessage, result: unknown): void {
    this.frame(JSON.stringify({ jsonrpc: "2.0", id, result }));
  }

  /** The server goes on with the session before. */
  resume(result: ResumeResult = { resumed: true, replayed: 0 }): void {
    this.answer(this.request("session.resume"), result);
  }

  /** The server answers a request with an error. */
  refuse({ id }: SentMessage, code: number, data?: Json): void {
    const error = { code, message: "Refused", ...(data === undefined ? {} : { data }) };
    this.frame(JSON.stringify({ jsonrpc: "2.0", id, error }));
  }

  /** The server sends a frame. */
  frame(data: unknown): void {
    if (!this.dead) this.#dispatch("message", { data });
  }

  /** The connection ends. */
  end(code: number, reason = ""): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    if (code === 1006) this.#dispatch("error", {});
    this.#dispatch("close", { code, reason });
  }

  /** The newest request for a method; fails when there is none. */
  request(method: string): SentMessage {
    const request = this.sent.findLast((message) => message.method === method);
    assert.ok(request !== undefined, `no ${method} among ${this.methods().join(", ")}`);
    return request;
  }

  /** The methods that the client called, oldest first. */
  methods(): string[] {
    return this.sent.map(({ method }) => method);
  }

  #dispatch<Type extends keyof SocketEvents>(type: Type, event: SocketEvents[Type]): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }
}

/** A presence, online in the lobby unless told otherwise. */
export function presenceOf(
  userId: string,
  version: number,
  rest: Partial<Presence> = {},
): Presence {
  return {
    user_id: userId,
    status: "online",
    location: "lobby",
    last_seen: "2026-01-01T00:00:00.000Z",
    session_id: `ws_${userId}`,
    sessions: 1,
    region: "test",
    version,
    ...rest,
  };
}

/** A greeting to the user `me`. */
export function welcomeOf(rest: Partial<Welcome> = {}): Welcome {
  return {
    session_id: "ws_1",
    user_id: "me",
    node_id: "node",
    region: "test",
    server_time: "2026-01-01T00:00:00.000Z",
    protocol: 1,
    heartbeat_interval_ms: 15_000,
    max_message_bytes: 65_536,
    token_expires_at: "2026-01-01T01:00:00.000Z",
    presence: presenceOf("me", 1, { location: null }),
    ...rest,
  };
}
