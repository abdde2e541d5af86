import { CloseCode } from "../protocol/close_codes.ts";
import type { Json, JsonObject } from "../protocol/json.ts";
import {
  PROTOCOL_VERSION,
  SUBPROTOCOL,
  SUBPROTOCOL_BATCH,
  SUBPROTOCOL_TOKEN_PREFIX,
  type Welcome,
} from "../protocol/notifications.ts";
import type { WebSocketConstructor } from "./client_options.ts";
import type { LinkEnd } from "./connection_reason.ts";
import { type ClientEnvironment, LONGEST_TIMER_MS } from "./environment.ts";
import { Heartbeat } from "./heartbeat.ts";
import { type SocketEnd, Transport } from "./transport.ts";

/** The heartbeat interval where the server names none that can be, in ms. */
const HEARTBEAT_INTERVAL_MS = 15_000;

/** What a link needs to be made. */
export interface LinkOptions {
  readonly WebSocket: WebSocketConstructor;
  readonly url: string;
  readonly token: string;
  /** How long the handshake and the welcome may take together, in ms. */
  readonly timeoutMs: number;
}

/** What a link tells. Nothing is told once it has ended. */
export interface LinkEvents {
  /** Every JSON-RPC message, in order, the welcome included. */
  message(message: JsonObject): void;
  /** After the message that brought it. */
  welcome(welcome: Welcome): void;
  /** A frame that is no JSON-RPC message, or a welcome that is none. */
  malformed(problem: string): void;
  /** Silence: a `system.ping` should be sent. */
  ping(): void;
}

/** One connection, from the socket's opening to its end. */
export class Link {
  /** Resolves, once, when the connection has ended or was never made; never rejects. */
  readonly ended: Promise<LinkEnd>;
  readonly #environment: ClientEnvironment;
  readonly #events: LinkEvents;
  readonly #transport: Transport;
  readonly #cancelTimeout: () => void;
  #heartbeat: Heartbeat | null = null;
  #welcomedAt: number | null = null;
  #incompatible = false;
  #retryAfterMs = 0;
  #said: { code: number; detail: string } | null = null;

  constructor(options: LinkOptions, environment: ClientEnvironment, events: LinkEvents) {
    this.#environment = environment;
    this.#events = events;
    const protocols = [
      SUBPROTOCOL_BATCH,
      SUBPROTOCOL,
      SUBPROTOCOL_TOKEN_PREFIX + options.token,
    ];
    this.#transport = new Transport(
      options.WebSocket,
      options.url,
      protocols,
      (text) => this.#receive(text),
    );
    this.#cancelTimeout = environment.setTimer(() => {
      this.#transport.drop(CloseCode.abnormal, `No welcome within ${options.timeoutMs} ms`);
    }, options.timeoutMs);
    this.ended = this.#transport.ended.then((end) => this.#finish(end));
  }

  /** Sends a text frame. @returns false when the connection does not take any */
  send(text: string): boolean {
    return this.#transport.send(text);
  }

  /** Takes leave of the server; nothing is told any more. */
  close(): void {
    this.#transport.close();
  }

  /** Gives up without taking leave; nothing is told any more. */
  drop(): void {
    this.#transport.drop(CloseCode.abnormal, "Given up");
  }

  /** The tab or the network woke: looks whether the connection is still there. */
  check(): void {
    this.#heartbeat?.check();
  }

  #receive(text: string | null): void {
    this.#heartbeat?.heard();
    let frame: Json;
    try {
      if (text === null) throw new Error("The server sent a binary frame");
      frame = JSON.parse(text);
    } catch (error) {
      return this.#events.malformed(error instanceof Error ? error.message : String(error));
    }
    for (const message of Array.isArray(frame) ? frame : [frame]) {
      // A listener may have ended the connection in the middle of a gathered frame.
      if (this.#transport.muted) return;
      if (message === null || typeof message !== "object" || Array.isArray(message)) {
        this.#events.malformed("The server sent something that is no JSON-RPC message");
      } else {
        this.#take(message);
      }
    }
  }

  #take(message: JsonObject): void {
    const { method } = message;
    const params = Object(message["params"]) as JsonObject;
    const isWelcome = method === "system.welcome" && this.#welcomedAt === null;
    if (isWelcome && !isUsable(params)) {
      const problem = "The server sent a welcome of another shape";
      this.#transport.drop(CloseCode.abnormal, problem);
      return this.#events.malformed(problem);
    }
    this.#events.message(message);
    // A listener may have ended the connection.
    if (this.#transport.muted) return;
    if (isWelcome) this.#greet(params as unknown as Welcome);
    else if (method === "system.error") this.#remember(params);
    else if (method === "system.shutdown") {
      this.#retryAfterMs = milliseconds(params["reconnect_after_ms"]);
    }
  }

  #greet(welcome: Welcome): void {
    if (welcome.protocol !== PROTOCOL_VERSION) {
      this.#incompatible = true;
      this.#transport.drop(CloseCode.normal, `Protocol version ${welcome.protocol}`);
      return;
    }
    this.#cancelTimeout();
    this.#welcomedAt = this.#environment.now();
    const intervalMs = milliseconds(welcome.heartbeat_interval_ms) || HEARTBEAT_INTERVAL_MS;
    this.#heartbeat = new Heartbeat(this.#environment, intervalMs, {
      ping: () => this.#events.ping(),
      lost: () => this.#transport.drop(CloseCode.heartbeatLost, "No answer to a ping"),
    });
    this.#events.welcome(welcome);
  }

  /** Keeps what a close frame would say, which can be lost when it meets messages of ours. */
  #remember({ message, data }: JsonObject): void {
    const { close_code, reason, retry_after_ms } = Object(data) as JsonObject;
    if (typeof close_code !== "number") return;
    const detail = typeof reason === "string" ? `${message}: ${reason}` : String(message);
    this.#said = { code: close_code, detail };
    this.#retryAfterMs = Math.max(this.#retryAfterMs, milliseconds(retry_after_ms));
  }

  #finish({ code, reason, opened }: SocketEnd): LinkEnd {
    this.#cancelTimeout();
    this.#heartbeat?.stop();
    // A runtime reports a connection that broke as 1006, 1005 (no code) or 0.
    const broken = code === CloseCode.abnormal || code === 1005 || code === 0;
    const said = broken ? this.#said : null;
    return {
      code: said?.code ?? code,
      detail: said?.detail ?? reason,
      ...(this.#incompatible ? { cause: "incompatible" as const } : {}),
      opened,
      welcomedAt: this.#welcomedAt,
      retryAfterMs: this.#retryAfterMs,
    };
  }
}

/** Whether a welcome has what a connection cannot do without; another version may look otherwise. */
function isUsable({ protocol, session_id, user_id, presence }: JsonObject): boolean {
  return protocol === PROTOCOL_VERSION
    ? typeof session_id === "string" && typeof user_id === "string" &&
      typeof presence === "object" && presence !== null
    : typeof protocol === "number";
}

/** What the server says of a time, as far as a timer can wait; 0 for what is none. */
function milliseconds(value: unknown): number {
  return typeof value === "number" && value > 0 ? Math.min(value, LONGEST_TIMER_MS) : 0;
}
