/**
 * Storing the same thing once, however often it is asked for.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { Fifo } from "./fifo.ts";

/** What may stand in a header as it is. */
const SHORT_ASCII = /^[ -~]{0,256}$/;

/**
 * One short text for what makes an entry the same entry: any texts, of any length, in this order.
 * Different parts give different keys, so that no sender can take another's ids. Most are short, and
 * stand for themselves: a hash costs as much as all else that stores an event.
 */
export function dedupeKey(...parts: readonly (string | null)[]): string {
  const written = JSON.stringify(parts);
  // No hash begins with a bracket.
  if (SHORT_ASCII.test(written)) return written;
  return createHash("sha256").update(written).digest("base64url");
}

/** Remembers for a while under which `seq` a key was stored first. */
export class SeenKeys {
  readonly #windowMs: number;
  readonly #seqs = new Map<string, number>();
  readonly #order = new Fifo<{ readonly key: string; readonly seenAtMs: number }>();

  /** @param windowMs how long a key is remembered, in milliseconds */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** The `seq` that was noted for `key` within the window. */
  find(key: string, nowMs: number): number | undefined {
    this.#expire(nowMs);
    return this.#seqs.get(key);
  }

  /** Notes a key that {@linkcode find} does not know. */
  note(key: string, seq: number, nowMs: number): void {
    this.#seqs.set(key, seq);
    this.#order.push({ key, seenAtMs: nowMs });
  }

  #expire(nowMs: number): void {
    for (let oldest = this.#order.first(); oldest; oldest = this.#order.first()) {
      if (oldest.seenAtMs > nowMs - this.#windowMs) return;
      this.#order.shift();
      this.#seqs.delete(oldest.key);
    }
  }
}
