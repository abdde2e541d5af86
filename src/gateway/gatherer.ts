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
  readonly #parent: GatheredMessages | undefined;
  readonly #message: string;
  /** Length of the frame, in UTF-16 units. */
  readonly length: number;
  #next: GatheredMessages | undefined;
  #frame: string | undefined;

  constructor(parent: GatheredMessages | undefined, message: string) {
    this.#parent = parent;
    this.#message = message;
    this.length = (parent?.length ?? 0) + message.length + 1;
  }

  /** The node after this one for `message`. */
  with(message: string): GatheredMessages {
    const next = this.#next;
    if (next !== undefined && next.#message === message) return next;
    return this.#next = new GatheredMessages(this, message);
  }

  /** One message as it is, several as an array. */
  get frame(): string {
    if (this.#parent === undefined) return this.#message;
    return this.#frame ??= `[${this.#joined()}]`;
  }

  #joined(): string {
    const messages = [this.#message];
    for (let node = this.#parent; node !== undefined; node = node.#parent) {
      messages.push(node.#message);
    }
    return messages.reverse().join(",");
  }
}

/** Collects, node-wide, what is to be flushed when the event loop's turn ends. */
export class Gatherer {
  #waiting: Gathering[] = [];
  #first: GatheredMessages | undefined;

  /** The first message that a connection is owed in this turn. */
  begin(gathering: Gathering, message: string): GatheredMessages {
    if (this.#waiting.push(gathering) === 1) setImmediate(() => this.#flush());
    const first = this.#first;
    if (first !== undefined && first.frame === message) return first;
    return this.#first = new GatheredMessages(undefined, message);
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#first = undefined;
    for (const gathering of waiting) gathering.flushGathered();
  }
}
