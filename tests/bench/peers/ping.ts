import { Crowd } from "./crowd.ts";
import type { Dialect } from "./dialect.ts";
import { encodeFrame } from "./frames.ts";
import type { Link } from "./link.ts";
import type { PinnedServer } from "./server.ts";
import { type Sample, sample } from "./sample.ts";

const CLIENTS = 100;
const DRAIN_LIMIT_MS = 5000;
const POLL_MS = 20;
/** The clock is read once in so many rounds. */
const ROUNDS = 16;
/** So many requests of a client have ids of their own: no two that are outstanding are answered alike. */
const DIFFERENT = 16;

/** The requests of one client, one after another and over again. */
class Requests {
  readonly #bytes: Uint8Array;
  /** Where each begins; twice around, so that any {@linkcode DIFFERENT} of them are in a row. */
  readonly #starts: number[] = [];
  #next = 0;

  constructor(dialect: Dialect, firstId: number) {
    const frames = Array.from(
      { length: DIFFERENT },
      (_, index) => encodeFrame(dialect.request(firstId + index)),
    );
    const around = [...frames, ...frames];
    this.#bytes = new Uint8Array(around.reduce((length, frame) => length + frame.length, 0));
    let at = 0;
    for (const frame of around) {
      this.#starts.push(at);
      this.#bytes.set(frame, at);
      at += frame.length;
    }
    this.#starts.push(at);
  }

  /** Sends the next ones, {@linkcode DIFFERENT} of them at most. */
  send(link: Link, count: number): void {
    const start = this.#starts[this.#next] ?? 0;
    const end = this.#starts[this.#next + count] ?? 0;
    this.#next = (this.#next + count) % DIFFERENT;
    link.send(this.#bytes.subarray(start, end), end - start);
  }
}

/** Requests and their answers: each client has some outstanding, and asks again when it is answered. */
export class PingWork {
  readonly #server: PinnedServer;
  readonly #crowd: Crowd;
  readonly #requests: ReadonlyMap<Link, Requests>;

  constructor(server: PinnedServer, dialect: Dialect, tokens: readonly (string | undefined)[]) {
    this.#server = server;
    this.#crowd = Crowd.gather({ port: server.port, dialect, tokens: tokens.slice(0, CLIENTS) });
    this.#requests = new Map(
      this.#crowd.links.map((
        link,
        index,
      ) => [link, new Requests(dialect, 1000 + index * DIFFERENT)]),
    );
  }

  /**
   * @param outstanding requests of each client that wait for their answer at any time
   * @throws {Error} when an answer is lost or doubled
   */
  run(outstanding: number, durationMs: number): Sample {
    for (const link of this.#crowd.links) this.#ask(link, outstanding);
    const result = sample(this.#server, () => this.#measure(durationMs));
    this.#drain();
    return result;
  }

  close(): void {
    this.#crowd.close();
  }

  #measure(durationMs: number): number {
    let answers = 0;
    const onMessages = (link: Link, count: number): void => {
      answers += count;
      link.outstanding -= count;
      this.#ask(link, count);
    };
    const endsAt = performance.now() + durationMs;
    while (performance.now() < endsAt) {
      for (let round = 0; round < ROUNDS; round++) this.#crowd.poll(POLL_MS, onMessages);
    }
    return answers;
  }

  #ask(link: Link, count: number): void {
    if (count === 0) return;
    link.outstanding += count;
    this.#requests.get(link)?.send(link, count);
  }

  #drain(): void {
    const deadline = performance.now() + DRAIN_LIMIT_MS;
    while (this.#crowd.links.some(({ outstanding }) => outstanding > 0)) {
      this.#crowd.poll(POLL_MS, (link, count) => link.outstanding -= count);
      if (performance.now() > deadline) throw new Error("Some requests were never answered");
    }
    for (const link of this.#crowd.links) {
      link.assertFirst("server_time");
      if (link.outstanding < 0) throw new Error("Some requests were answered more than once");
    }
  }
}
