import { Dial } from "./dial.ts";
import type { Dialect, Step } from "./dialect.ts";
import { Poller } from "./libc.ts";
import { Link } from "./link.ts";

const OPENING_AT_ONCE = 16;
const PATIENCE_MS = 20_000;
const POLL_MS = 100;

/** Who a crowd consists of. */
export interface CrowdOptions {
  readonly port: number;
  readonly dialect: Dialect;
  /** One client each. */
  readonly tokens: readonly (string | undefined)[];
  /** What each does once it is welcome. */
  readonly then?: readonly Step[];
}

/** Clients of one server, driven together. */
export class Crowd {
  readonly links: readonly Link[];
  readonly #poller: Poller;
  readonly #byDescriptor: ReadonlyMap<number, Link>;

  private constructor(poller: Poller, byDescriptor: ReadonlyMap<number, Link>) {
    this.#poller = poller;
    this.#byDescriptor = byDescriptor;
    this.links = [...byDescriptor.values()];
  }

  /** Connects everyone, and waits until all are served. */
  static gather({ port, dialect, tokens, then = [] }: CrowdOptions): Crowd {
    const poller = new Poller();
    const dials = new Map<number, Dial>();
    const links = new Map<number, Link>();
    const deadline = performance.now() + PATIENCE_MS;
    let next = 0;
    while (links.size < tokens.length) {
      while (next < tokens.length && dials.size < OPENING_AT_ONCE) {
        const dial = new Dial({ port, dialect, token: tokens[next++], then });
        dials.set(dial.descriptor, dial);
        poller.watch(dial.descriptor);
      }
      const ready = poller.wait(POLL_MS);
      for (let index = 0; index < ready; index++) {
        const descriptor = poller.ready(index);
        const dial = dials.get(descriptor);
        if (dial === undefined) links.get(descriptor)?.receive();
        else {
          if (dial.advance()) {
            dials.delete(descriptor);
            dials.set(dial.descriptor, dial);
            poller.watch(dial.descriptor);
          }
          if (!dial.isServed) continue;
          dials.delete(descriptor);
          links.set(descriptor, new Link(descriptor, dial.reader, dialect.isBatching === true));
        }
      }
      if (performance.now() > deadline) throw new Error("Somebody was not served in time");
    }
    return new Crowd(poller, links);
  }

  /** Waits for messages; `onMessages` is told who got how many. Gives whether there were any. */
  poll(limitMs: number, onMessages: (link: Link, count: number) => void): boolean {
    const ready = this.#poller.wait(limitMs);
    for (let index = 0; index < ready; index++) {
      const link = this.#byDescriptor.get(this.#poller.ready(index)) as Link;
      onMessages(link, link.receive());
    }
    return ready > 0;
  }

  close(): void {
    for (const link of this.links) link.close();
    this.#poller.close();
  }
}
