/**
 * Routing and delivery of the in-process bus.
 *
 * @module
 */

import type { BusHeaders } from "./bus.ts";
import { SubjectTree } from "./subject_tree.ts";

/** Takes an answer to the one who asked. */
export type Reply = (data: string, headers: BusHeaders) => void;

/** A message on its way; `reply` is there when it is a request. */
export interface Sent {
  readonly subject: string;
  readonly data: string;
  readonly headers: BusHeaders;
  readonly reply?: Reply | undefined;
}

/** One subscription, as the exchange sees it. */
export interface Interest {
  readonly queue: string | undefined;
  /** Hands the message over, unless the subscription has ended in between. */
  take(sent: Sent): void;
}

/** Passes messages between the buses of one process, each after the turn that published it. */
export class MessageExchange {
  /** Who hears what. */
  readonly interests = new SubjectTree<Interest>();
  #underWay: (() => void)[] = [];

  /** Sends a message on its way; returns how many subscribers it is going to. */
  send(sent: Sent): number {
    const takers = onePerQueue(this.interests.match(sent.subject));
    if (takers.length > 0) {
      this.later(() => {
        for (const taker of takers) taker.take(sent);
      });
    }
    return takers.length;
  }

  /** Runs `step` after everything that is already under way. */
  later(step: () => void): void {
    if (this.#underWay.push(step) === 1) queueMicrotask(() => this.#deliver());
  }

  #deliver(): void {
    const steps = this.#underWay;
    this.#underWay = [];
    for (const step of steps) step();
  }
}

/** Keeps those without a queue and, of each queue, one at random. */
function onePerQueue(interests: Interest[]): Interest[] {
  if (!interests.some(({ queue }) => queue !== undefined)) return interests;
  const queues = Map.groupBy(interests, ({ queue }) => queue);
  return [...queues].flatMap(([queue, members]) =>
    queue === undefined ? members : members.splice(Math.floor(Math.random() * members.length), 1)
  );
}
