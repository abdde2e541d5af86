import { type FrameReader, type FrameVisitor, textOf } from "./frames.ts";
import { close, receive, send } from "./libc.ts";

const OPENING_BRACKET = 0x5b;

const buffer = new Uint8Array(262_144);

/** Messages in a gathered frame, by its length: all that are as long are alike here. */
const messagesByLength = new Map<number, number>();

/** A client that is being served: counts what it is sent. */
export class Link implements FrameVisitor {
  readonly #descriptor: number;
  readonly #reader: FrameReader;
  readonly #isBatching: boolean;
  /** Requests without their answer. */
  outstanding = 0;
  #first: string | undefined;
  #received = 0;

  constructor(descriptor: number, reader: FrameReader, isBatching: boolean) {
    this.#descriptor = descriptor;
    this.#reader = reader;
    this.#isBatching = isBatching;
  }

  send(bytes: Uint8Array, length: number): void {
    send(this.#descriptor, bytes, length);
  }

  /** Reads what is there; gives how many messages that were. */
  receive(): number {
    const length = receive(this.#descriptor, buffer);
    if (length <= 0) throw new Error("A server hung up in the middle of a measurement");
    this.#received = 0;
    this.#reader.read(buffer, length, this);
    return this.#received;
  }

  close(): void {
    close(this.#descriptor);
  }

  /** @throws {Error} unless its first message was of this kind: work that fails is quickly done */
  assertFirst(part: string): void {
    if (this.#first?.includes(part)) return;
    throw new Error(`A client was sent something else than ${part}: ${this.#first}`);
  }

  onData(payload: Uint8Array): void {
    this.#first ??= textOf(payload);
    this.#received += this.#isBatching && payload[0] === OPENING_BRACKET ? messagesIn(payload) : 1;
  }

  onClose(): void {
    throw new Error("A server said goodbye in the middle of a measurement");
  }
}

function messagesIn(payload: Uint8Array): number {
  let messages = messagesByLength.get(payload.length);
  if (messages === undefined) {
    messages = (JSON.parse(textOf(payload)) as unknown[]).length;
    messagesByLength.set(payload.length, messages);
  }
  return messages;
}
