import type { JsonObject } from "../protocol/json.ts";
import { ClientError } from "./client_error.ts";

/** A request or notification as it was when it was made, whatever becomes of its params. */
export class Outgoing {
  readonly method: string;
  /** Undefined for a notification. */
  readonly id: number | undefined;
  /** As it goes over the wire. */
  readonly text: string;

  /** @throws {TypeError} JSON cannot hold the params */
  constructor(method: string, params: unknown, id?: number) {
    this.method = method;
    this.id = id;
    // What is undefined is left out.
    this.text = JSON.stringify({ jsonrpc: "2.0", id, method, params });
  }

  /** The whole of it, read again. */
  get message(): JsonObject {
    return JSON.parse(this.text);
  }

  /** Its params, read again. */
  get params(): unknown {
    return this.message["params"];
  }

  /** @throws {ClientError} `too_large` */
  assertFits(maxBytes: number): void {
    if (!exceeds(this.text, maxBytes)) return;
    const words = `${this.method} is larger than the ${maxBytes} bytes that the server takes`;
    throw new ClientError("too_large", words);
  }
}

/** Whether a text is longer in UTF-8 than `maxBytes`; counts only where that is in doubt. */
function exceeds(text: string, maxBytes: number): boolean {
  if (text.length * 3 <= maxBytes) return false;
  return text.length > maxBytes || new TextEncoder().encode(text).length > maxBytes;
}
