import { CloseCode } from "../protocol/close_codes.ts";
import type { Counters } from "../telemetry/counters.ts";
import type { Admission } from "./inbox.ts";
import type { Outbox } from "./outbox.ts";
import { failBroken, failFlood, type Failing } from "./parting.ts";
import { RateLimit } from "./rate_limit.ts";
import type { Reply } from "./replies.ts";
import type { Caller, Router } from "./router.ts";
import { Turns, type TurnTaker } from "./turns.ts";
import { exceedsUtf8Length } from "./utf8.ts";

/** Without a rate limit, a client that floods is told to wait so long, in ms. */
const FLOOD_WAIT_MS = 1000;

/** Whose messages are taken in. */
export interface Speaker extends Caller, Failing {
  readonly outbox: Outbox;
  /** The first message is about to be handled. */
  onFirstMessage(text: string): void;
  /** More is asked than is read. */
  onOverflow(): void;
  close(code: number, reason: string, lastWord?: string): void;
}

/** What the intakes of a node have in common. */
export interface IntakeHost {
  readonly router: Router;
  readonly counters: Counters;
  readonly maxMessageBytes: number;
  /** Messages a second; 0 is no limit. */
  readonly rateLimitMessages: number;
  readonly rateLimitBurst: number;
}

/** Messages of one client: counted, held against the limits, and answered in turn. */
export class Intake implements TurnTaker {
  readonly turns: Turns = new Turns(this);
  readonly #speaker: Speaker;
  readonly #host: IntakeHost;
  readonly #rateLimit: RateLimit | undefined;
  #isFirst = true;

  constructor(speaker: Speaker, host: IntakeHost) {
    this.#speaker = speaker;
    this.#host = host;
    this.#rateLimit = host.rateLimitMessages === 0
      ? undefined
      : new RateLimit(host.rateLimitMessages, host.rateLimitBurst, Date.now());
  }

  get isOver(): boolean {
    return this.#speaker.isOver;
  }

  get isFilling(): boolean {
    return this.#speaker.outbox.isFilling;
  }

  /** Takes one message. */
  take(text: string): void {
    if (this.#speaker.isOver) return;
    const { counters, maxMessageBytes } = this.#host;
    counters.messagesReceived++;
    counters.receivedLength += text.length;
    if (exceedsUtf8Length(text, maxMessageBytes)) {
      this.turns.take("", "too_large");
      return;
    }
    const admission = this.admit() ?? "handle";
    if (!this.#speaker.isOver) this.turns.take(text, admission);
  }

  /** Takes a message that the engine found too large to hand over. */
  takeTooLarge(): void {
    if (this.#speaker.isOver) return;
    this.#host.counters.messagesReceived++;
    this.turns.take("", "too_large");
  }

  /** Whether one more call may run now; otherwise how long to wait, in ms. */
  admit(): number | undefined {
    if (this.#rateLimit === undefined) return undefined;
    const verdict = this.#rateLimit.take(Date.now());
    if (verdict === "pass") return undefined;
    this.#host.counters.rateLimited++;
    if (verdict === "flood") this.#failFlood();
    return this.#rateLimit.retryAfterMs;
  }

  answer(text: string, admission: Admission): Reply | Promise<Reply> {
    const { router, maxMessageBytes } = this.#host;
    if (admission === "too_large") {
      const lastWord = router.tooLarge(maxMessageBytes);
      this.#speaker.close(CloseCode.messageTooBig, "message too large", lastWord);
      return undefined;
    }
    if (admission !== "handle") return router.refuse(text, admission, this.#speaker);
    if (this.#isFirst) {
      this.#isFirst = false;
      this.#speaker.onFirstMessage(text);
      if (this.#speaker.isOver) return undefined;
    }
    return router.handle(text, this.#speaker);
  }

  deliver(reply: Reply, text: string): void {
    if (reply === undefined || this.#speaker.isOver) return;
    const { outbox } = this.#speaker;
    // An array answers a batch, and has a frame of its own. To look at a reply copies it together,
    // which is the socket's to do: one look at the message spares that almost always.
    if (!text.startsWith("{") && reply.startsWith("[")) outbox.sendAlone(reply);
    else outbox.send(reply);
  }

  onTooMany(): void {
    if (!this.isFilling) this.#failFlood();
    else this.#speaker.onOverflow();
  }

  onFailure(error: unknown): void {
    failBroken(this.#speaker, error);
  }

  #failFlood(): void {
    failFlood(this.#speaker, this.#rateLimit?.retryAfterMs ?? FLOOD_WAIT_MS);
  }
}
