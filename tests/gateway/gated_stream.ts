/**
 * An event stream that a test can hold up.
 *
 * @module
 */
import { createMemoryBus } from "../../src/bus/bus_memory.ts";
import { createSubjects } from "../../src/bus/subjects.ts";
import type { EventStream } from "../../src/events/stream.ts";
import { createMemoryStream, MEMORY_LIMITS } from "../../src/events/stream_memory.ts";

/** A stream that does not say where its followers begin while the gate is shut. */
export class GatedStream {
  readonly stream: EventStream;
  #gate = Promise.withResolvers<void>();

  constructor() {
    const memory = createMemoryStream({
      bus: createMemoryBus(),
      subjects: createSubjects("gated"),
      limits: { ...MEMORY_LIMITS, windowMs: 60_000 },
      shared: true,
      onMalformed() {},
    });
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
