import { Dial } from "./dial.ts";
import type { Dialect } from "./dialect.ts";
import { Poller } from "./libc.ts";
import type { PinnedServer } from "./server.ts";
import { type Sample, sample } from "./sample.ts";

const AT_ONCE = 32;
const POLL_MS = 20;
const DRAIN_LIMIT_MS = 5000;

/**
 * Players who come, with a token that the server verifies, until they are welcome, and go again: some
 * of them at any time.
 */
export class ConnectWork {
  readonly #server: PinnedServer;
  readonly #dialect: Dialect;
  readonly #tokens: readonly string[];
  readonly #poller = new Poller();
  readonly #dials = new Map<number, Dial>();
  #next = 0;
  #served = 0;

  constructor(server: PinnedServer, dialect: Dialect, tokens: readonly string[]) {
    this.#server = server;
    this.#dialect = dialect;
    this.#tokens = tokens;
  }

  /** @throws {Error} when somebody is not let in */
  run(durationMs: number): Sample {
    this.#served = 0;
    const result = sample(this.#server, () => {
      const endsAt = performance.now() + durationMs;
      while (performance.now() < endsAt) {
        while (this.#dials.size < AT_ONCE) this.#dial();
        this.#advance();
      }
      return this.#served;
    });
    this.#drain();
    return result;
  }

  close(): void {
    this.#poller.close();
  }

  #dial(): void {
    const token = this.#tokens[this.#next++ % this.#tokens.length];
    const { port } = this.#server;
    this.#watch(new Dial({ port, dialect: this.#dialect, token, then: [] }));
  }

  #watch(dial: Dial): void {
    this.#dials.set(dial.descriptor, dial);
    this.#poller.watch(dial.descriptor);
  }

  #advance(): void {
    const ready = this.#poller.wait(POLL_MS);
    for (let index = 0; index < ready; index++) {
      const descriptor = this.#poller.ready(index);
      const dial = this.#dials.get(descriptor);
      if (dial === undefined) continue;
      const wasServed = dial.isServed;
      if (dial.advance()) {
        this.#dials.delete(descriptor);
        this.#watch(dial);
      }
      if (dial.isServed && !wasServed) {
        this.#served++;
        dial.leave();
      }
      if (!dial.isClosed) continue;
      this.#dials.delete(descriptor);
      dial.close();
    }
  }

  #drain(): void {
    const deadline = performance.now() + DRAIN_LIMIT_MS;
    while (this.#dials.size > 0) {
      this.#advance();
      if (performance.now() > deadline) throw new Error("Some goodbyes were never answered");
    }
  }
}
