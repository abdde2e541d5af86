/**
 * As much of the WebSocket framing (RFC 6455 §5) as a loader needs.
 *
 * @module
 */

/** A message of a peer's protocol: text, or bytes in a binary frame. */
export type Message = string | Uint8Array;

const OPCODE_CONTINUATION = 0;
const OPCODE_TEXT = 1;
const OPCODE_BINARY = 2;
const OPCODE_CLOSE = 8;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A client's frame, masked with zeros: the server unmasks it all the same. */
export function encodeFrame(message: Message): Uint8Array {
  const isText = typeof message === "string";
  return frame(
    isText ? OPCODE_TEXT : OPCODE_BINARY,
    isText ? encoder.encode(message) : message,
  );
}

/** A close frame with status 1000. */
export const CLOSE_FRAME: Uint8Array = frame(OPCODE_CLOSE, new Uint8Array([0x03, 0xe8]));

function frame(opcode: number, payload: Uint8Array): Uint8Array {
  const head = payload.length < 126
    ? [0x80 | opcode, 0x80 | payload.length]
    : [0x80 | opcode, 0x80 | 126, payload.length >> 8, payload.length & 0xff];
  const bytes = new Uint8Array(head.length + 4 + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length + 4);
  return bytes;
}

/** What a stream of frames holds. */
export interface FrameVisitor {
  /** A data frame; its payload is valid during the call only. */
  onData(payload: Uint8Array, isText: boolean): void;
  onClose(): void;
}

/** Cuts what arrives into frames, wherever the network has cut it. */
export class FrameReader {
  #rest: Uint8Array | undefined;

  /** Reads `length` bytes of `chunk`. */
  read(chunk: Uint8Array, length: number, visitor: FrameVisitor): void {
    let bytes = chunk;
    let end = length;
    if (this.#rest !== undefined) {
      bytes = new Uint8Array(this.#rest.length + length);
      bytes.set(this.#rest);
      bytes.set(chunk.subarray(0, length), this.#rest.length);
      end = bytes.length;
      this.#rest = undefined;
    }
    let at = 0;
    while (at < end) {
      const next = visitFrame(bytes, at, end, visitor);
      if (next === undefined) {
        this.#rest = bytes.slice(at, end);
        return;
      }
      at = next;
    }
  }
}

/** Where the next frame begins; undefined when this one is not whole yet. */
function visitFrame(
  bytes: Uint8Array,
  at: number,
  end: number,
  visitor: FrameVisitor,
): number | undefined {
  if (end - at < 2) return undefined;
  let length = (bytes[at + 1] ?? 0) & 0x7f;
  let head = 2;
  if (length >= 126) {
    head = length === 126 ? 4 : 10;
    if (end - at < head) return undefined;
    length = bigEndian(bytes, at + 2, at + head);
  }
  const next = at + head + length;
  if (next > end) return undefined;
  const opcode = (bytes[at] ?? 0) & 0x0f;
  if (opcode === OPCODE_TEXT || opcode === OPCODE_BINARY) {
    visitor.onData(bytes.subarray(at + head, next), opcode === OPCODE_TEXT);
  } else if (opcode === OPCODE_CLOSE) {
    visitor.onClose();
  } else if (opcode === OPCODE_CONTINUATION) {
    throw new Error("A server sent a fragmented message, which this loader does not read");
  }
  return next;
}

function bigEndian(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let index = from; index < to; index++) value = value * 256 + (bytes[index] ?? 0);
  return value;
}

/** The text of a payload. */
export function textOf(payload: Uint8Array): string {
  return decoder.decode(payload);
}
