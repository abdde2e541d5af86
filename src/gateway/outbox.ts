import type { Counters } from "../telemetry/counters.ts";
import type { GatheredMessages, Gatherer, Gathering } from "./gatherer.ts";
import type { Socket } from "./socket.ts";
import { utf8Length } from "./utf8.ts";

/**
 * What the engine is given at most before we keep the rest: it cannot be taken back from there, and
 * a close frame has to queue behind it.
 */
const SOCKET_BACKLOG_BYTES = 65_536;

/**
 * A UTF-16 unit takes three bytes at most (four for two), and a frame has a head of ten at most, of
 * which each of its units bears one: no message is shorter than ten.
 */
const MAX_BYTES_PER_UNIT = 4;

/** A gathered frame is sent early when it has grown to this, in UTF-16 units. */
const GATHERED_LENGTH = 131_072;

/** Keeps an eye on the outboxes that could not hand everything to their socket. */
export interface BacklogPump {
  watch(outbox: Outbox): void;
}

/** What an outbox tells its connection. */
export interface OutboxListener {
  /** More than the limit is unread; what was queued is gone. */
  onOverflow(): void;
  /** It lagged, and has caught up. */
  onCaughtUp(): void;
  /** What waited could not be sent. */
  onFailure(error: unknown): void;
}

/** What the outboxes of a node have in common. */
export interface OutboxHost {
  readonly sendQueueBytes: number;
  readonly gatherer: Gatherer;
  readonly backlog: BacklogPump;
  readonly counters: Counters;
}

/** The bounded queue out of a connection. Order is kept; nothing is awaited. */
export class Outbox implements Gathering {
  // What each message needs comes first: V8 keeps fields in this order, and a fan-out to many finds
  // none of them in the processor's caches.
  readonly #socket: Socket;
  readonly #host: OutboxHost;
  /** Whether the client agreed to gathered frames. */
  readonly #isBatching: boolean;
  #isShut = false;
  /** What the socket has no room for; most never need it. */
  #queue: string[] | undefined;
  /** What the socket has room for at least, in UTF-16 units: it is asked only when that is used up. */
  #room = 0;
  #gathered: GatheredMessages | undefined;
  readonly #listener: OutboxListener;
  #queuedBytes = 0;
  /** Waits for its turn behind the queue. */
  #lastWord: string | undefined;
  /** All room that was ever found, in UTF-16 units: used, or still {@linkcode #room}. */
  #foundRoom = 0;

  constructor(socket: Socket, listener: OutboxListener, host: OutboxHost, isBatching: boolean) {
    this.#socket = socket;
    this.#listener = listener;
    this.#host = host;
    this.#isBatching = isBatching;
  }

  /** Whether the reader is behind. Watched by the pump from then on, until it has caught up. */
  get isLagging(): boolean {
    if (!this.#hasBacklog()) return false;
    this.#host.backlog.watch(this);
    return true;
  }

  /** Whether so much is queued that nothing more should be asked for until it has caught up. */
  get isFilling(): boolean {
    return this.#queuedBytes > this.#host.sendQueueBytes / 2;
  }

  /** Bytes that the reader has not taken yet. */
  get unreadBytes(): number {
    return this.#queuedBytes + this.#socket.bufferedBytes;
  }

  /** Grows as the kernel takes bytes; standing still under a backlog means that nobody reads. */
  get takenLength(): number {
    return this.#foundRoom - this.#room - this.#socket.bufferedBytes;
  }

  /** Sends one message; a client that agreed to it gets what one turn brings in one frame. */
  send(message: string): void {
    this.#host.counters.messagesSent++;
    if (!this.#isBatching) {
      this.#push(message);
      return;
    }
    if (this.#isShut) return;
    this.#gathered = this.#gathered === undefined
      ? this.#host.gatherer.begin(this, message)
      : this.#gathered.with(message);
    if (this.#gathered.length > GATHERED_LENGTH) this.flushGathered();
  }

  /** Sends a frame of its own, after everything sent before. */
  sendAlone(frame: string): void {
    this.#host.counters.messagesSent++;
    this.flushGathered();
    this.#push(frame);
  }

  flushGathered(): void {
    const gathered = this.#gathered;
    if (gathered === undefined) return;
    this.#gathered = undefined;
    this.#push(gathered.frame);
  }

  /** Hands the socket what it can take now; true when nothing is left. */
  pump(): boolean {
    try {
      return this.#pump();
    } catch (error) {
      // One timer serves all: the others must not suffer for it.
      this.#listener.onFailure(error);
      return true;
    }
  }

  #pump(): boolean {
    const queue = this.#queue ?? [];
    let sent = 0;
    while (sent < queue.length && this.#hasRoom()) {
      const frame = queue[sent++] as string;
      this.#queuedBytes -= utf8Length(frame);
      this.#hand(frame);
    }
    if (sent < queue.length) queue.splice(0, sent);
    else {
      this.#queue = undefined;
      this.#handLastWord();
    }
    if (this.#isShut) return true;
    if (this.#hasBacklog()) return false;
    this.#listener.onCaughtUp();
    // What was sent upon that may be too much again.
    return !this.#hasBacklog();
  }

  /** Sends a last frame, which says why the connection ends; it gets out even if the queue does not. */
  sendLast(frame: string): void {
    if (this.#isShut) return;
    this.#host.counters.messagesSent++;
    this.flushGathered();
    if (this.#queue === undefined) this.#hand(frame);
    else this.#lastWord = frame;
  }

  /** Drops what is queued but the last word; later sends do nothing. */
  shut(): void {
    this.#isShut = true;
    this.#drop();
    this.#handLastWord();
  }

  /** Drops what is queued; the next sends go first. */
  #drop(): void {
    this.#gathered = undefined;
    this.#queue = undefined;
    this.#queuedBytes = 0;
  }

  #push(frame: string): void {
    if (this.#isShut) return;
    if (this.#queue === undefined && this.#hasRoom()) {
      this.#hand(frame);
      return;
    }
    const bytes = utf8Length(frame);
    // One large frame alone may pass the limit: it is an answer that the client asked for.
    if (this.#queue !== undefined && this.unreadBytes + bytes > this.#host.sendQueueBytes) {
      this.#drop();
      this.#listener.onOverflow();
      return;
    }
    this.#queue ??= [];
    this.#queue.push(frame);
    this.#queuedBytes += bytes;
    this.#host.backlog.watch(this);
  }

  #hasBacklog(): boolean {
    return this.#queue !== undefined || !this.#hasRoom();
  }

  /** Whether the socket may be given more. */
  #hasRoom(): boolean {
    return this.#room > 0 || this.#findRoom();
  }

  #findRoom(): boolean {
    const limitBytes = Math.min(SOCKET_BACKLOG_BYTES, this.#host.sendQueueBytes / 2);
    const room = Math.ceil((limitBytes - this.#socket.bufferedBytes) / MAX_BYTES_PER_UNIT);
    this.#foundRoom += room - this.#room;
    this.#room = room;
    return room > 0;
  }

  #hand(frame: string): void {
    this.#room -= frame.length;
    this.#host.counters.sentLength += frame.length;
    this.#socket.send(frame);
  }

  #handLastWord(): void {
    if (this.#lastWord === undefined) return;
    this.#hand(this.#lastWord);
    this.#lastWord = undefined;
  }
}
