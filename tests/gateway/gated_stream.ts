/**
 * An event stream that a test can hold up.
 *
 * @module
 */
import type { EventStream } from "../../src/events/stream.ts";
import { memoryStream } from "../support/memory_stream.ts";

/** A stream that does not say where its followers begin while the gate is shut. */
export class GatedStream {
  readonly stream: EventStream;
  #gate = Promise.withResolvers<void>();

  constructor() {
    const memory = memoryStream(true);
    this.stream = new Proxy<EventStream>(memory, {
      get: (_, name: keyof EventStream) => {
        if (name === "follow") return this.#follow(memory);
        const member = memory[name];
        return typeof member === "function" ? member.bind(memory) : member;
      },
    });
  }

  open(): void {
    this.#gate.resolve();
  }

  #follow(memory: EventStream): EventStream["follow"] {
    return (userId, follower) => {
      const { ready, stop } = memory.follow(userId, follower);
      return { ready: this.#gate.promise.then(() => ready), stop };
    };
  }
}
