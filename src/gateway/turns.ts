import { type Admission, Inbox } from "./inbox.ts";
import type { Reply } from "./replies.ts";

/** Who answers the messages that take turns. */
export interface TurnTaker {
  readonly isOver: boolean;
  /** Whether the next message waits for the client to read; {@linkcode Turns.goOn} ends it. */
  readonly isFilling: boolean;
  /** Answers one message; never throws, never rejects. */
  answer(text: string, admission: Admission): Reply | Promise<Reply>;
  /** Sends the answer to a message. */
  deliver(reply: Reply, text: string): void;
  /** More messages wait than there is room for. */
  onTooMany(): void;
  /** An answer could not be given, or sent; afterwards {@linkcode isOver} is true. */
  onFailure(error: unknown): void;
}

/**
 * One message at a time, in the order of arrival: the next has its turn when the one before is
 * answered, and the client reads its answers. Nothing has its turn before {@linkcode open}.
 */
export class Turns {
  readonly #taker: TurnTaker;
  #inbox: Inbox | undefined;
  #isBusy = true;
  /** While the message being answered waits for another service. */
  #isAway = false;
  #afterReply: (() => void) | undefined;

  constructor(taker: TurnTaker) {
    this.#taker = taker;
  }

  /** Lets the first message have its turn. */
  open(): void {
    this.#isBusy = false;
    this.#drain();
  }

  /** The client has read what was too much. */
  goOn(): void {
    this.#drain();
  }

  /** A message has come. */
  take(text: string, admission: Admission): void {
    const isFree = !this.#isBusy && !this.#taker.isFilling && !this.#inbox?.size;
    if (isFree) this.#handle(text, admission);
    else if (this.#isAway && admission === "handle" && isPing(text)) this.#overtake(text);
    else {
      this.#inbox ??= new Inbox();
      if (!this.#inbox.add({ text, admission })) this.#taker.onTooMany();
    }
  }

  /** Forgets what waits. */
  clear(): void {
    this.#inbox?.clear();
  }

  /**
   * Waits for another service's answer. Everything else waits too, in order, but for `system.ping`: a
   * slow service must not look like a dead connection.
   */
  async whileAway<T>(call: () => Promise<T>): Promise<T> {
    this.#isAway = true;
    try {
      return await call();
    } finally {
      this.#isAway = false;
    }
  }

  /** Does something once the answer to the message being handled is on its way. */
  afterReply(action: () => void): void {
    this.#afterReply = action;
  }

  #handle(text: string, admission: Admission): void {
    try {
      const reply = this.#taker.answer(text, admission);
      if (reply instanceof Promise) this.#deliverLater(reply, text);
      else this.#deliver(reply, text);
    } catch (error) {
      this.#taker.onFailure(error);
    }
  }

  #overtake(ping: string): void {
    try {
      const reply = this.#taker.answer(ping, "handle");
      if (!(reply instanceof Promise)) this.#taker.deliver(reply, ping);
    } catch (error) {
      this.#taker.onFailure(error);
    }
  }

  #drain(): void {
    while (!this.#isBusy && !this.#taker.isOver && !this.#taker.isFilling) {
      const message = this.#inbox?.take();
      if (message === undefined) return;
      this.#handle(message.text, message.admission);
    }
  }

  #deliverLater(reply: Promise<Reply>, text: string): void {
    this.#isBusy = true;
    reply.then((settled) => {
      try {
        this.#deliver(settled, text);
      } catch (error) {
        this.#taker.onFailure(error);
      }
      this.#isBusy = false;
      this.#drain();
    });
  }

  #deliver(reply: Reply, text: string): void {
    this.#taker.deliver(reply, text);
    if (this.#afterReply === undefined) return;
    const action = this.#afterReply;
    this.#afterReply = undefined;
    if (!this.#taker.isOver) action();
  }
}

/** No ping that a client sends to be answered soon is longer. */
const MAX_PING_LENGTH = 1024;

/** Whether a message is a single call of `system.ping`. */
function isPing(text: string): boolean {
  if (text.length > MAX_PING_LENGTH || !text.includes('"system.ping"')) return false;
  try {
    return (JSON.parse(text) as { method?: unknown } | null)?.method === "system.ping";
  } catch {
    return false;
  }
}
