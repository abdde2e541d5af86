import type { BacklogPump, Outbox } from "./outbox.ts";

/** How often backlogs are looked at, in ms: sockets do not say when they have drained. */
const PUMP_INTERVAL_MS = 10;

/** One timer for every reader of a node that is behind; none while all keep up. */
export class Backlog implements BacklogPump {
  readonly #outboxes = new Set<Outbox>();
  #timer: ReturnType<typeof setInterval> | undefined;

  watch(outbox: Outbox): void {
    this.#outboxes.add(outbox);
    this.#timer ??= setInterval(() => this.#pump(), PUMP_INTERVAL_MS);
  }

  /** Readers that are behind now. */
  get size(): number {
    return this.#outboxes.size;
  }

  /** Bytes that they have not read. */
  get unreadBytes(): number {
    let bytes = 0;
    for (const outbox of this.#outboxes) bytes += outbox.unreadBytes;
    return bytes;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#outboxes.clear();
  }

  #pump(): void {
    for (const outbox of this.#outboxes) {
      if (outbox.pump()) this.#outboxes.delete(outbox);
    }
    if (this.#outboxes.size === 0) this.stop();
  }
}
