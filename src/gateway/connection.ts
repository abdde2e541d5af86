import type { StreamEntry } from "../events/stream.ts";
import { CloseCode } from "../protocol/close_codes.ts";
import { ErrorCode, RpcError } from "../protocol/errors.ts";
import type { Notifications } from "../protocol/notifications.ts";
import type { Counters } from "../telemetry/counters.ts";
import type { TimerWheel } from "../timer_wheel.ts";
import type { Identity } from "./auth.ts";
import type { Gatherer } from "./gatherer.ts";
import type { Admission } from "./inbox.ts";
import { type BacklogPump, Outbox, type OutboxListener } from "./outbox.ts";
import { RateLimit } from "./rate_limit.ts";
import { type Caller, encodeNotification, type Reply, type Router } from "./router.ts";
import type { Socket, SocketEnd, SocketListener } from "./socket.ts";
import { type LifetimeListener, TokenLifetime } from "./token_lifetime.ts";
import { Turns, type TurnTaker } from "./turns.ts";
import { exceedsUtf8Length } from "./utf8.ts";

/**
 * A close frame can get lost while the client's messages are still arriving: after the last word we
 * read on for so long, in ms, before closing.
 */
const LINGER_MS = 50;

/** How long a peer may take to answer a close frame, in ms. */
const CLOSE_TIMEOUT_MS = 5000;

/** …and a slow reader, for whom the frame stands behind all that it has not read. */
const SLOW_CLOSE_TIMEOUT_MS = 30_000;

/** The contract's notifications are checked by type; a game's own may be anything. */
interface Notify {
  <Name extends keyof Notifications>(method: Name, params: Notifications[Name]): void;
  (method: string, params: unknown): void;
}

/** Where the events for one connection go. */
export interface EventTaker {
  take(entry: StreamEntry): void;
}

/** What the connections of a node have in common. */
export interface ConnectionHost {
  readonly router: Router;
  readonly counters: Counters;
  readonly wheel: TimerWheel;
  readonly backlog: BacklogPump;
  readonly gatherer: Gatherer;
  /** Connections that are over and whose sockets are not closed yet. */
  readonly closing: Set<Connection>;
  readonly maxMessageBytes: number;
  readonly sendQueueBytes: number;
  /** Messages a second; 0 is no limit. */
  readonly rateLimitMessages: number;
  readonly rateLimitBurst: number;
  /** The connection is over, exactly once; see {@linkcode SocketEnd.isClean}. */
  onEnd(connection: Connection, end: SocketEnd): void;
  /** The client's first message is about to be handled. */
  onFirstMessage(connection: Connection, text: string): void;
  /** The reader was behind and has caught up. */
  onCaughtUp(connection: Connection): void;
}

/**
 * One client's socket: messages in one at a time, in order; messages out through a bounded queue.
 * Nothing is handled before {@linkcode open}.
 */
export class Connection
  implements Caller, SocketListener, TurnTaker, OutboxListener, LifetimeListener {
  readonly sessionId: string;
  /** When the socket opened, in ms since the epoch. */
  readonly connectedAtMs: number;
  /** Where this session is, as it last said. */
  location: string | null = null;
  /** Whether something arrived since the flag was last cleared. */
  hasSpoken = false;
  /** Takes the events for this connection, as long as somebody delivers them. */
  events: EventTaker | undefined;
  readonly outbox: Outbox;
  /** Sends a notification. A handler may take it out of its context. */
  readonly notify: Notify = (method: string, params: unknown): void => {
    this.outbox.send(encodeNotification(method, params));
  };
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #lifetime: TokenLifetime;
  readonly #rateLimit: RateLimit | undefined;
  readonly #turns = new Turns(this);
  #identity: Identity;
  #abort: AbortController | undefined;
  #isFirst = true;
  #isOpen = false;
  #isOver = false;

  constructor(
    sessionId: string,
    identity: Identity,
    socket: Socket,
    isBatching: boolean,
    host: ConnectionHost,
  ) {
    this.sessionId = sessionId;
    this.connectedAtMs = Date.now();
    this.#identity = identity;
    this.#socket = socket;
    this.#host = host;
    this.outbox = new Outbox(socket, this, {
      limitBytes: host.sendQueueBytes,
      gatherer: isBatching ? host.gatherer : undefined,
      pump: host.backlog,
      counters: host.counters,
    });
    this.#lifetime = new TokenLifetime(host.wheel, this);
    this.#rateLimit = host.rateLimitMessages === 0
      ? undefined
      : new RateLimit(host.rateLimitMessages, host.rateLimitBurst, this.connectedAtMs);
  }

  get userId(): string {
    return this.#identity.userId;
  }

  get name(): string | undefined {
    return this.#identity.name;
  }

  get scopes(): ReadonlySet<string> {
    return this.#identity.scopes;
  }

  get tokenExpiresAtMs(): number {
    return this.#identity.expiresAtMs;
  }

  /** ISO 8601 UTC with milliseconds. */
  get tokenExpiresAt(): string {
    return new Date(this.#identity.expiresAtMs).toISOString();
  }

  /** Aborted when the connection is over. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isOver) this.#abort.abort();
    return this.#abort.signal;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Whether the reader is behind; {@linkcode ConnectionHost.onCaughtUp} tells when no longer. Before
   * its welcome, everyone is.
   */
  get isLagging(): boolean {
    return !this.#isOpen || this.outbox.isLagging;
  }

  get isFilling(): boolean {
    return this.outbox.isFilling;
  }

  /** Starts to handle messages, those that already came among them. */
  open(): void {
    this.#isOpen = true;
    this.#lifetime.start(this.#identity.expiresAtMs);
    this.#host.onCaughtUp(this);
    this.#turns.open();
  }

  /** Goes on with a newer token of the same user. */
  renew(identity: Identity): void {
    this.#identity = identity;
    this.#lifetime.start(identity.expiresAtMs);
  }

  /** Sends one encoded message. */
  send(message: string): void {
    this.outbox.send(message);
  }

  /** See {@linkcode Turns.whileAway}. */
  whileAway<T>(call: () => Promise<T>): Promise<T> {
    return this.#turns.whileAway(call);
  }

  /** See {@linkcode Turns.afterReply}. */
  afterReply(action: () => void): void {
    this.#turns.afterReply(action);
  }

  admit(): number | undefined {
    if (this.#rateLimit === undefined) return undefined;
    const verdict = this.#rateLimit.take(Date.now());
    if (verdict === "pass") return undefined;
    this.#host.counters.rateLimited++;
    if (verdict === "flood") this.#failFlood();
    return this.#rateLimit.retryAfterMs;
  }

  onText(text: string): void {
    const { counters } = this.#host;
    this.hasSpoken = true;
    if (this.#isOver) return;
    counters.messagesReceived++;
    counters.receivedLength += text.length;
    if (exceedsUtf8Length(text, this.#host.maxMessageBytes)) {
      this.#turns.take("", "too_large");
      return;
    }
    const admission = this.admit() ?? "handle";
    if (!this.#isOver) this.#turns.take(text, admission);
  }

  onTooLarge(): void {
    this.hasSpoken = true;
    if (this.#isOver) return;
    this.#host.counters.messagesReceived++;
    this.#turns.take("", "too_large");
  }

  onBinary(): void {
    this.close(CloseCode.unsupportedData, "binary frames are not supported");
  }

  onSilence(): void {
    this.fail(
      CloseCode.heartbeatLost,
      new RpcError(ErrorCode.unavailable, { part: "client" }, "Heartbeat lost"),
      "heartbeat lost",
    );
  }

  onTooMany(): void {
    if (this.isFilling) this.#failSlowReader();
    else this.#failFlood();
  }

  onOverflow(): void {
    this.#failSlowReader();
  }

  onCaughtUp(): void {
    this.#turns.goOn();
    this.#host.onCaughtUp(this);
  }

  onExpiring(): void {
    this.notify("system.token_expiring", { expires_at: this.tokenExpiresAt });
  }

  onExpired(): void {
    this.fail(
      CloseCode.unauthorized,
      new RpcError(ErrorCode.unauthorized, { reason: "expired" }),
      "unauthorized: expired",
    );
  }

  onEnd(end: SocketEnd): void {
    this.#host.closing.delete(this);
    this.#finish(end);
  }

  answer(text: string, admission: Admission): Reply | Promise<Reply> {
    const { router, maxMessageBytes } = this.#host;
    if (admission === "too_large") {
      this.close(CloseCode.messageTooBig, "message too large", router.tooLarge(maxMessageBytes));
      return undefined;
    }
    if (admission !== "handle") return router.refuse(text, admission);
    if (this.#isFirst) {
      this.#isFirst = false;
      this.#host.onFirstMessage(this, text);
    }
    return router.handle(text, this);
  }

  deliver(reply: Reply): void {
    if (reply === undefined || this.#isOver) return;
    // An array answers a batch, and has a frame of its own.
    if (reply.startsWith("[")) this.outbox.sendAlone(reply);
    else this.outbox.send(reply);
  }

  /**
   * Ends the connection at once for everyone but the client, which hears of it in its own time. Only
   * the first call counts.
   *
   * @param lastWord a message that is still sent, to say why
   */
  close(code: number, reason: string, lastWord?: string): void {
    if (this.#isOver) return;
    if (lastWord === undefined) this.outbox.flushGathered();
    else this.outbox.sendLast(lastWord);
    // What was still to be sent may have been too much for the reader, and have ended it.
    if (this.#isOver) return;
    const { wheel, closing } = this.#host;
    closing.add(this);
    this.#finish({ code, isClean: code !== CloseCode.heartbeatLost });
    wheel.schedule(LINGER_MS, () => {
      this.outbox.shut();
      this.#socket.close(code, reason);
      const isSlow = code === CloseCode.slowReader;
      const timeoutMs = isSlow ? SLOW_CLOSE_TIMEOUT_MS : CLOSE_TIMEOUT_MS;
      wheel.schedule(timeoutMs, () => this.#socket.terminate());
    });
  }

  /** Closes with a 44xx code: `system.error` says why first, since the close frame may get lost. */
  fail(code: number, error: RpcError, reason: string): void {
    const data = { ...(error.data as Record<string, unknown> | undefined), close_code: code };
    this.close(
      code,
      reason,
      encodeNotification("system.error", { code: error.code, message: error.message, data }),
    );
  }

  #failSlowReader(): void {
    this.#host.counters.slowReaders++;
    this.fail(
      CloseCode.slowReader,
      new RpcError(ErrorCode.tooLarge, undefined, "Too much is unread"),
      "too slow a reader",
    );
  }

  #failFlood(): void {
    this.fail(
      CloseCode.flooding,
      new RpcError(ErrorCode.rateLimited, {
        retry_after_ms: this.#rateLimit?.retryAfterMs ?? 1000,
      }),
      "flooding",
    );
  }

  #finish(end: SocketEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#lifetime.stop();
    this.#turns.clear();
    this.#abort?.abort();
    this.#host.onEnd(this, end);
  }
}
