/**
 * The bus as one process has it: frozen with it, and, where presence is concerned, as unreliable as told.
 *
 * @module
 */
import {
  type Bus,
  BusError,
  type BusHandler,
  type BusHeaders,
  type BusMessage,
  type BusRequestOptions,
  type BusStatus,
  type BusSubscribeOptions,
  type BusSubscription,
} from "../../src/bus/bus.ts";
import type { MemoryBus } from "../../src/bus/bus_memory.ts";
import type { FakeProcess } from "./fake_time.ts";

/** So late may a message be, in ms: a link that is worse counts as broken. */
const MAX_DELAY_MS = 2000;

/** A bus that hands messages over only while its process runs. */
export class ProcessBus implements Bus {
  /** While true, messages about presence wait for {@linkcode deliverHeld}. */
  holdsPresence = false;
  /** Which subjects neither get here nor are reached from here, as when servers of the bus are cut from each other. */
  isCutFrom: (subject: string) => boolean = () => false;
  #isFrozen = false;
  #frozen: (() => void)[] = [];
  readonly #bus: MemoryBus;
  readonly #process: FakeProcess;
  #held: (() => void)[] = [];

  constructor(bus: MemoryBus, process: FakeProcess) {
    this.#bus = bus;
    this.#process = process;
  }

  get status(): BusStatus {
    return this.#bus.status;
  }

  onStatus(listener: (status: BusStatus) => void): () => void {
    return this.#bus.onStatus((status) => this.#process.whenRunning(() => listener(status)));
  }

  publish(subject: string, data: string, headers?: BusHeaders): void {
    this.#move(() => this.#bus.publish(subject, data, headers));
  }

  subscribe(
    pattern: string,
    handler: BusHandler,
    options?: BusSubscribeOptions,
  ): BusSubscription {
    let isOver = false;
    const take = (message: BusMessage) => {
      if (isOver || this.isCutFrom(message.subject)) return;
      this.#move(() => this.#process.whenRunning(() => handler(message)));
    };
    const subscription = this.#bus.subscribe(pattern, (message) => {
      if (this.holdsPresence && message.subject.includes(".presence.")) {
        if (this.#held.push(() => take(message)) > 1) return;
        setTimeout(() => this.deliverHeld([2, 1]), MAX_DELAY_MS);
      } else take(message);
    }, options);
    return {
      unsubscribe: () => {
        isOver = true;
        subscription.unsubscribe();
      },
    };
  }

  async request(subject: string, data: string, options: BusRequestOptions): Promise<BusMessage> {
    try {
      if (this.isCutFrom(subject)) throw new BusError("no_responders", "Nobody listens there");
      return await this.#bus.request(subject, data, options);
    } finally {
      await this.#process.running();
    }
  }

  async flush(): Promise<void> {
    try {
      await this.#bus.flush();
    } finally {
      await this.#process.running();
    }
  }

  close(): Promise<void> {
    return this.#bus.close();
  }

  /** What is on its way on a link that breaks never arrives. */
  disconnect(): void {
    this.#frozen = [];
    this.#held = [];
    this.#bus.disconnect();
  }

  reconnect(): void {
    this.#bus.reconnect();
  }

  /** From now on nothing moves on the link, which seems to be up. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** What was kept back moves on, but for what the link has lost by breaking. */
  thaw(): void {
    this.#isFrozen = false;
    const frozen = this.#frozen;
    this.#frozen = [];
    for (const move of frozen) move();
  }

  #move(move: () => void): void {
    if (this.#isFrozen) this.#frozen.push(move);
    else move();
  }

  /**
   * Hands over the messages that were held, in another order.
   *
   * @param order decides the order, and which of them come twice
   */
  deliverHeld(order: readonly number[]): void {
    const held = this.#held;
    this.#held = [];
    const keyed = held.map((deliver, at) => ({ deliver, key: order[at % order.length] ?? 0 }));
    const twice = keyed.filter(({ key }) => key % 3 === 0);
    for (const { deliver } of [...keyed, ...twice].toSorted((a, b) => a.key - b.key)) deliver();
  }
}
