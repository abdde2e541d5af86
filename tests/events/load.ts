import type { EventStream } from "../../src/events/stream.ts";
import { StreamError } from "../../src/events/stream.ts";
import { event } from "../conformance/stream/place.ts";

/** Sends events to one user until it is told to stop, each until it is acknowledged. */
export class Sender {
  /** The `event_id` of what was acknowledged, in the order of the acknowledgements. */
  readonly acknowledged: string[] = [];
  /** How often the stream said that it is not available. */
  refusals = 0;
  readonly #stream: EventStream;
  readonly #userId: string;
  readonly #pauseMs: number;
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(stream: EventStream, userId: string, pauseMs: number) {
    this.#stream = stream;
    this.#userId = userId;
    this.#pauseMs = pauseMs;
    this.#done = this.#run();
  }

  /** Stops after the event that is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const body = event(this.#userId);
      while (!await this.#append(body)) this.refusals++;
      this.acknowledged.push(body.event_id);
      await pause(this.#pauseMs);
    }
  }

  async #append(body: ReturnType<typeof event>): Promise<boolean> {
    try {
      await this.#stream.append(this.#userId, body, body.event_id);
      return true;
    } catch (error) {
      // Only an error that invites to it is followed by another try, with the same id.
      if (error instanceof StreamError && error.retryable) return false;
      throw error;
    }
  }
}

/** The ids of the events among entries. */
export function eventIds(entries: Awaited<ReturnType<EventStream["replay"]>>["entries"]): string[] {
  return entries.flatMap((entry) =>
    entry.notification === "player.event" ? [entry.params.event_id] : []
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
