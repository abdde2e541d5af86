/**
 * What a bus refuses to carry. NATS is a line protocol: a space or a line break in the wrong place
 * is another command, so every implementation checks what its callers hand it.
 *
 * @module
 */

import type { BusHeaders } from "./bus.ts";

const SUBJECT = /^[^\s.*>]+(?:\.[^\s.*>]+)*$/;
const PATTERN = /^(?:(?:\*|[^\s.*>]+)\.)*(?:\*|>|[^\s.*>]+)$/;
/** Printable ASCII without the colon that ends a name (RFC 822 §3.1.2, as NATS has it). */
const HEADER_NAME = /^[!-9;-~]+$/;
const LINE_BREAK = /[\r\n]/;

/** @throws {TypeError} when `subject` is not a concrete subject */
export function assertSubject(subject: string): void {
  if (SUBJECT.test(subject)) return;
  throw new TypeError(
    `Not a subject: ${
      JSON.stringify(subject)
    }. It needs parts with dots between, no space, no * or >`,
  );
}

/** @throws {TypeError} when `pattern` is neither a subject nor a pattern */
export function assertPattern(pattern: string): void {
  if (PATTERN.test(pattern)) return;
  throw new TypeError(
    `Not a subject pattern: ${JSON.stringify(pattern)}. A * must be a whole part, a > the last one`,
  );
}

/**
 * Gives headers as they arrive: a value without the blanks around it.
 *
 * @throws {TypeError} when a name or a value cannot be a header
 */
export function checkHeaders(headers: BusHeaders): BusHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (!HEADER_NAME.test(name)) {
        throw new TypeError(
          `Not a header name: ${JSON.stringify(name)}. Use ASCII without : or space`,
        );
      }
      if (LINE_BREAK.test(value)) {
        throw new TypeError(`The value of the header ${name} cannot have a line break: encode it`);
      }
      return [name, value.trim()];
    }),
  );
}
