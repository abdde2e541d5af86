import { Crowd } from "./crowd.ts";
import type { Dialect } from "./dialect.ts";
import { encodeFrame } from "./frames.ts";
import type { PinnedServer } from "./server.ts";
import { type Sample, sample } from "./sample.ts";

const LOCATION = "arena";
const DRAIN_LIMIT_MS = 5000;
const POLL_MS = 20;
const ROUNDS = 16;

/** One player's events to everyone at a location, the player among them. */
export class FanOutWork {
  readonly #server: PinnedServer;
  readonly #crowd: Crowd;
  readonly #event: Uint8Array;
  /** Messages that one event brings. */
  readonly #perEvent: number;
  #published = 0;
  #received = 0;

  constructor(server: PinnedServer, dialect: Dialect, tokens: readonly (string | undefined)[]) {
    this.#server = server;
    this.#crowd = Crowd.gather({
      port: server.port,
      dialect,
      tokens,
      then: dialect.enter(LOCATION),
    });
    this.#event = encodeFrame(dialect.publish(LOCATION));
    this.#perEvent = tokens.length + (dialect.answersEvents ? 1 : 0);
  }

  /**
   * @param inFlight events that have not reached everyone at any time
   * @throws {Error} when a delivery is lost or doubled
   */
  run(inFlight: number, durationMs: number): Sample {
    this.#published = 0;
    this.#received = 0;
    const result = sample(this.#server, () => this.#measure(inFlight, durationMs));
    this.#drain();
    return result;
  }

  close(): void {
    this.#crowd.close();
  }

  #measure(inFlight: number, durationMs: number): number {
    const endsAt = performance.now() + durationMs;
    while (performance.now() < endsAt) {
      for (let round = 0; round < ROUNDS; round++) {
        while (
          this.#published * this.#perEvent - this.#received <= (inFlight - 1) * this.#perEvent
        ) {
          this.#publish();
        }
        this.#crowd.poll(POLL_MS, (_link, count) => this.#received += count);
      }
    }
    return this.#received;
  }

  #publish(): void {
    this.#published++;
    this.#crowd.links[0]?.send(this.#event, this.#event.length);
  }

  #drain(): void {
    const deadline = performance.now() + DRAIN_LIMIT_MS;
    while (this.#received < this.#published * this.#perEvent) {
      this.#crowd.poll(POLL_MS, (_link, count) => this.#received += count);
      if (performance.now() > deadline) throw new Error("Some deliveries were lost");
    }
    if (this.#received > this.#published * this.#perEvent) {
      throw new Error("Some deliveries were doubled");
    }
    // The sender's first may have been the answer.
    for (const link of this.#crowd.links.slice(1)) link.assertFirst("player.event");
  }
}
