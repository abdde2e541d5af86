/**
 * WebSocket frames as bytes (RFC 6455 §5), for a client that can also send what is not allowed.
 *
 * @module
 */

/** Frame types (§5.2). */
export const Opcode = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** One frame. */
export interface Frame {
  readonly isFinal: boolean;
  readonly opcode: number;
  readonly payload: Uint8Array;
}

/** A frame to send, which need not be a valid one. */
export interface FrameToSend {
  readonly opcode: number;
  readonly payload?: string | Uint8Array;
  /** @default {true} */
  readonly isFinal?: boolean;
  /** @default {true} */
  readonly isMasked?: boolean;
  /** The three reserved bits, as in the first byte. */
  readonly reserved?: number;
  /** Announces another length than the payload has. */
  readonly announcedLength?: number;
}

/** The frame as bytes. The mask is all zeros: allowed, and quick. */
export function encodeFrame(frame: FrameToSend): Uint8Array<ArrayBuffer> {
  const { opcode, payload = "", isFinal = true, isMasked = true, reserved = 0 } = frame;
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const length = frame.announcedLength ?? bytes.length;
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const header = new Uint8Array(2 + lengthBytes + (isMasked ? 4 : 0));
  const view = new DataView(header.buffer);
  header[0] = (isFinal ? 0x80 : 0) | reserved | opcode;
  header[1] = (isMasked ? 0x80 : 0) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) view.setUint16(2, length);
  if (lengthBytes === 8) view.setBigUint64(2, BigInt(length));
  const encoded = new Uint8Array(header.length + bytes.length);
  encoded.set(header);
  encoded.set(bytes, header.length);
  return encoded;
}

/** Cuts a stream of bytes into frames; servers do not mask theirs. */
export class FrameReader {
  #bytes: Uint8Array = new Uint8Array();

  /** Takes bytes in and gives the frames that they complete. */
  push(chunk: Uint8Array): Frame[] {
    const joined = new Uint8Array(this.#bytes.length + chunk.length);
    joined.set(this.#bytes);
    joined.set(chunk, this.#bytes.length);
    const frames: Frame[] = [];
    let offset = 0;
    while (true) {
      const read = readFrame(joined.subarray(offset));
      if (read === undefined) break;
      frames.push(read.frame);
      offset += read.length;
    }
    this.#bytes = joined.slice(offset);
    return frames;
  }
}

function readFrame(bytes: Uint8Array): { frame: Frame; length: number } | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lengthBytes = second < 126 ? 0 : second === 126 ? 2 : 8;
  const start = 2 + lengthBytes;
  if (bytes.length < start) return undefined;
  const length = lengthBytes === 0
    ? second
    : lengthBytes === 2
    ? view.getUint16(2)
    : Number(view.getBigUint64(2));
  if (bytes.length < start + length) return undefined;
  const payload = bytes.slice(start, start + length);
  return {
    frame: { isFinal: first >= 0x80, opcode: first & 15, payload },
    length: start + length,
  };
}
