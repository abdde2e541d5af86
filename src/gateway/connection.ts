import { CloseCode } from "../protocol/close_codes.ts";
import type { RpcError } from "../protocol/errors.ts";
import type { Notifications } from "../protocol/notifications.ts";
import type { TimerWheel } from "../timer_wheel.ts";
import type { Identity } from "./auth.ts";
import { Intake, type IntakeHost, type Speaker } from "./intake.ts";
import { Outbox, type OutboxHost, type OutboxListener } from "./outbox.ts";
import {
  failBroken,
  failExpired,
  failSilent,
  failSlowReader,
  hangUp,
  lastWordOf,
} from "./parting.ts";
import { encodeNotification } from "./notification.ts";
import type { Socket, SocketEnd, SocketListener } from "./socket.ts";
import { type LifetimeListener, TokenLifetime } from "./token_lifetime.ts";

/** The contract's notifications are checked by type; a game's own may be anything. */
interface Notify {
  <Name extends keyof Notifications>(method: Name, params: Notifications[Name]): void;
  (method: string, params: unknown): void;
}

/** What the connections of a node have in common. */
export interface ConnectionHost extends IntakeHost, OutboxHost {
  readonly wheel: TimerWheel;
  /** Connections that are over and whose sockets are not closed yet. */
  readonly closing: Set<Connection>;
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
export class Connection implements Speaker, SocketListener, OutboxListener, LifetimeListener {
  readonly sessionId: string;
  /** When the socket opened, in ms since the epoch. */
  readonly connectedAtMs: number;
  /** Whether something arrived since the flag was last cleared. */
  hasSpoken = false;
  readonly outbox: Outbox;
  /** Sends a notification. A handler may take it out of its context. */
  readonly notify: Notify = (method: string, params: unknown): void => {
    this.outbox.send(encodeNotification(method, params));
  };
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #lifetime: TokenLifetime;
  readonly #intake: Intake;
  #identity: Identity;
  #abort: AbortController | undefined;
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
    this.outbox = new Outbox(socket, this, host, isBatching);
    this.#lifetime = new TokenLifetime(host.wheel, this);
    this.#intake = new Intake(this, host);
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

  /** Whether the socket takes anything: not so from a close frame on, whoever sent it. */
  get isSocketOpen(): boolean {
    return this.#socket.isOpen;
  }

  /**
   * Whether the reader is behind; {@linkcode ConnectionHost.onCaughtUp} tells when no longer. Before
   * its welcome, everyone is.
   */
  get isLagging(): boolean {
    return !this.#isOpen || this.outbox.isLagging;
  }

  /** Starts to handle messages, those that already came among them. */
  open(): void {
    this.#isOpen = true;
    this.#lifetime.start(this.#identity.expiresAtMs);
    this.#host.onCaughtUp(this);
    this.#intake.turns.open();
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

  /** See {@linkcode Intake.turns}. */
  whileAway<T>(call: () => Promise<T>): Promise<T> {
    return this.#intake.turns.whileAway(call);
  }

  /** See {@linkcode Intake.turns}. */
  afterReply(action: () => void): void {
    this.#intake.turns.afterReply(action);
  }

  admit(): number | undefined {
    return this.#intake.admit();
  }

  onText(text: string): void {
    this.hasSpoken = true;
    this.#intake.take(text);
  }

  onTooLarge(): void {
    this.hasSpoken = true;
    this.#intake.takeTooLarge();
  }

  onBinary(): void {
    this.close(CloseCode.unsupportedData, "binary frames are not supported");
  }

  onSilence(): void {
    failSilent(this);
  }

  onOverflow(): void {
    this.#host.counters.slowReaders++;
    failSlowReader(this);
  }

  onCaughtUp(): void {
    this.#intake.turns.goOn();
    this.#host.onCaughtUp(this);
  }

  onFailure(error: unknown): void {
    failBroken(this, error);
  }

  onExpiring(): void {
    this.notify("system.token_expiring", { expires_at: this.tokenExpiresAt });
  }

  onExpired(): void {
    failExpired(this);
  }

  onFirstMessage(text: string): void {
    this.#host.onFirstMessage(this, text);
  }

  onEnd(end: SocketEnd): void {
    this.#host.closing.delete(this);
    this.#finish(end);
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
    hangUp(this.#socket, this.outbox, wheel, code, reason);
  }

  fail(code: number, error: RpcError, reason: string): void {
    this.close(code, reason, lastWordOf(code, error));
  }

  #finish(end: SocketEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#lifetime.stop();
    this.#intake.turns.clear();
    this.#abort?.abort();
    this.#host.onEnd(this, end);
  }
}
