import { Crowd } from "./crowd.ts";
import type { Dialect } from "./dialect.ts";
import { encodeFrame } from "./frames.ts";
import type { PinnedServer } from "./server.ts";
import { type Sample, sample } from "./sample.ts";

const LOCATION = "arena";
const DRAIN_LIMIT_MS = 5000;
const POLL_MS = 20;
const ROUNDS = 16;
const MAX_SENDERS = 4;

/** When the next event is published. */
export type Pacing =
  /** One player publishes whenever fewer than so many events have not reached everyone. */
  | { readonly inFlight: number }
  /** So many players publish together, each time everyone has everything. */
  | { readonly atOnce: number };

/** Players' events to everyone at a location, the players among them. */
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

  /** @throws {Error} when a delivery is lost or doubled */
  run(pacing: Pacing, durationMs: number): Sample {
    this.#published = 0;
    this.#received = 0;
    const result = sample(this.#server, () => this.#measure(pacing, durationMs));
    this.#drain();
    return result;
  }

  close(): void {
    this.#crowd.close();
  }

  #measure(pacing: Pacing, durationMs: number): number {
    const endsAt = performance.now() + durationMs;
    while (performance.now() < endsAt) {
      for (let round = 0; round < ROUNDS; round++) {
        if ("atOnce" in pacing) this.#publishTogether(pacing.atOnce);
        else this.#publishOneByOne(pacing.inFlight);
        this.#crowd.poll(POLL_MS, (_link, count) => this.#received += count);
      }
    }
    return this.#received;
  }

  /** Deliveries that are still to come. */
  get #missing(): number {
    return this.#published * this.#perEvent - this.#received;
  }

  #publishOneByOne(inFlight: number): void {
    while (this.#missing <= (inFlight - 1) * this.#perEvent) this.#publish(0);
  }

  #publishTogether(players: number): void {
    if (this.#missing > 0) return;
    for (let player = 0; player < players; player++) this.#publish(player);
  }

  #publish(player: number): void {
    this.#published++;
    this.#crowd.links[player]?.send(this.#event, this.#event.length);
  }

  #drain(): void {
    const deadline = performance.now() + DRAIN_LIMIT_MS;
    while (this.#missing > 0) {
      this.#crowd.poll(POLL_MS, (_link, count) => this.#received += count);
      if (performance.now() > deadline) throw new Error("Some deliveries were lost");
    }
    if (this.#missing < 0) {
      throw new Error("Some deliveries were doubled");
    }
    // A sender's first may have been the answer.
    for (const link of this.#crowd.links.slice(MAX_SENDERS)) link.assertFirst("player.event");
  }
}
