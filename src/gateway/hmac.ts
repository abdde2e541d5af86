import { hash } from "node:crypto";

/** Block and digest of SHA-256, in bytes. */
const BLOCK_BYTES = 64;
export const DIGEST_BYTES = 32;

const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/** The longest text that is signed here: any token that fits into a header of usual size. */
const MAX_TEXT_BYTES = 8192;

/** A UTF-16 unit takes three bytes of UTF-8 at most. */
const MAX_TEXT_LENGTH = Math.floor(MAX_TEXT_BYTES / 3);

const encoder = new TextEncoder();

/**
 * HMAC-SHA256 (RFC 2104) under one key, put together from one-shot hashes: `createHmac` makes a
 * stream for each signature, and clearing those away costs a connect more than both hashes.
 */
export class HmacSha256 {
  readonly #inner: Uint8Array;
  readonly #outer: Uint8Array;
  readonly #digest = new Uint8Array(DIGEST_BYTES);

  constructor(key: Uint8Array) {
    const block = new Uint8Array(BLOCK_BYTES);
    if (key.length > BLOCK_BYTES) block.setFromHex(hash("sha256", key, "hex"));
    else block.set(key);
    this.#inner = new Uint8Array(BLOCK_BYTES + MAX_TEXT_BYTES);
    this.#inner.set(block.map((byte) => byte ^ INNER_PAD));
    this.#outer = new Uint8Array(BLOCK_BYTES + DIGEST_BYTES);
    this.#outer.set(block.map((byte) => byte ^ OUTER_PAD));
  }

  /**
   * Signs a text's UTF-8.
   *
   * @returns the 32 bytes, good until the next call; undefined when the text is too long
   */
  sign(text: string): Uint8Array | undefined {
    if (text.length > MAX_TEXT_LENGTH) return undefined;
    const { written } = encoder.encodeInto(text, this.#inner.subarray(BLOCK_BYTES));
    const message = this.#inner.subarray(0, BLOCK_BYTES + written);
    this.#outer.subarray(BLOCK_BYTES).setFromHex(hash("sha256", message, "hex"));
    this.#digest.setFromHex(hash("sha256", this.#outer, "hex"));
    return this.#digest;
  }
}
