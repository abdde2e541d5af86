import { setImmediate } from "node:timers";

/** Something that is owed a gathered frame at the end of the turn. */
export interface Gathering {
  flushGathered(): void;
}

/**
 * Messages that one or more connections are owed in this turn, as a tree: connections that were
 * given the same messages in the same order stand at the same node, and the frame is encoded once
 * for all of them.
 */
export class GatheredMessages {
  /** The messages up to here with commas between them: V8 copies them together when they are sent. */
  readonly #text: string;
  readonly #isSingle: boolean;
  readonly #last: string;
  #next: GatheredMessages | undefined;
  #frame: string | undefined;

  constructor(parent: GatheredMessages | undefined, message: string) {
    this.#isSingle = parent === undefined;
    this.#text = parent === undefined ? message : `${parent.#text},${message}`;
    this.#last = message;
  }

  /** Length of the frame, in UTF-16 units, or almost. */
  get length(): number {
    return this.#text.length;
  }

  /** The node after this one for `message`. */
  with(message: string): GatheredMessages {
    const next = this.#next;
    if (next !== undefined && next.#last === message) return next;
    return this.#next = new GatheredMessages(this, message);
  }

  /** One message as it is, several as an array. */
  get frame(): string {
    if (this.#isSingle) return this.#text;
    return this.#frame ??= `[${this.#text}]`;
  }
}

/** Collects, node-wide, what is to be flushed when the event loop's turn ends. */
export class Gatherer {
  #waiting: Gathering[] = [];
  #first: GatheredMessages | undefined;

  /** The first message that a connection is owed in this turn. */
  begin(gathering: Gathering, message: string): GatheredMessages {
    if (this.#waiting.push(gathering) === 1) setImmediate(this.#flush);
    const first = this.#first;
    if (first !== undefined && first.frame === message) return first;
    return this.#first = new GatheredMessages(undefined, message);
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#first = undefined;
    for (const gathering of waiting) gathering.flushGathered();
  };
}
