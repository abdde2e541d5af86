import assert from "node:assert/strict";
import type { EventTarget } from "../../src/protocol/methods.ts";
import type { Addressee, FeedMessage } from "../../src/events/feed_message.ts";
import { type FeedRange, type FeedSource, LiveFeed } from "../../src/events/live_feed.ts";
import { Sequence } from "../../src/events/sequence.ts";
import type { StreamEntry } from "../../src/events/stream.ts";
import type { StreamPosition } from "../../src/events/stream_position.ts";

/** How a stored message reaches the node: at once, after the next one, or never. */
export type Passage = "prompt" | "late" | "lost";

/** What one follower has got. */
export interface Follower {
  readonly userId: string;
  readonly seqs: number[];
  /** It is owed what has a greater number. */
  readonly from: number;
  lost: number;
  stop(): void;
}

/** A stream in a test's hands: it says what is stored, what arrives, and what breaks. */
export class ScriptedStream {
  readonly feed: LiveFeed;
  readonly log: FeedMessage[] = [];
  readonly malformed: string[] = [];
  createdAtMs = Date.UTC(2026, 0, 1);
  leader = "one";
  republishesInOrder = true;
  nowMs = 0;
  /** Readings that were begun, by where they started. */
  readonly readings: number[] = [];
  #last = 0;
  #kept = 0;
  #cut = false;
  #behind = false;
  #held: (() => void)[] = [];
  readonly #listening = new Map<string, number>();
  #wake: (() => void)[] = [];

  constructor() {
    const source: FeedSource = {
      listen: (to) => this.#listen(to),
      read: (range, take) => this.#read(range, take),
      onBehind: () => void (this.#behind = true),
      onMalformed: (subject, reason) => this.malformed.push(`${subject}: ${reason}`),
    };
    this.feed = new LiveFeed(source);
  }

  get last(): number {
    return this.#last;
  }

  get listenedTo(): string[] {
    return [...this.#listening.keys()];
  }

  /** Stores a message; returns its number. */
  store(to: Addressee, passage: Passage = "prompt"): number {
    const previous = this.log.findLast((message) => name(message.to) === name(to))?.count ?? 0;
    const count = ++this.#last;
    const payload = to === "everyone" ? { message: "m" } : { type: "t" };
    const message: FeedMessage = {
      to,
      count,
      subject: name(to),
      text: JSON.stringify(payload),
      storedAtMs: this.nowMs,
    };
    this.log.push(message);
    for (const wake of this.#wake.splice(0)) wake();
    const heard = to === "everyone" || this.#listening.has(name(to));
    const arrive = () => {
      if (heard && !this.#cut) this.feed.take({ ...message, previous });
    };
    const held = this.#held.splice(0);
    if (passage === "late") this.#held.push(arrive);
    else if (passage === "prompt") arrive();
    for (const late of held) late();
    return count;
  }

  /** What is on its way late arrives now. */
  settle(): void {
    for (const arrive of this.#held.splice(0)) arrive();
  }

  cut(): void {
    this.#cut = true;
    this.feed.cut(this.nowMs);
  }

  /** The link is there again, and the node asks and catches up. */
  async mend(): Promise<void> {
    this.#cut = false;
    await this.check();
  }

  /** What a node does regularly, and when it is behind. */
  async check(): Promise<void> {
    while (!this.#cut) {
      this.#behind = false;
      this.feed.observe(this.position(), this.nowMs);
      // As long as the answer takes to whoever asked.
      await Promise.resolve();
      await this.feed.catchUp().catch(() => {});
      if (!this.#behind && this.feed.synced) return;
    }
  }

  get behind(): boolean {
    return this.#behind;
  }

  /** Messages up to this number are no longer kept. */
  drop(count: number): void {
    this.#kept = count;
  }

  /** The stream is made anew, empty. */
  rebuild(): void {
    this.createdAtMs += 60_000;
    this.log.length = 0;
    this.#last = 0;
    this.#kept = 0;
  }

  position(): StreamPosition {
    const kept = this.log.filter(({ count }) => count > this.#kept);
    return {
      createdAtMs: this.createdAtMs,
      first: kept[0]?.count ?? this.#last + 1,
      firstAtMs: kept[0]?.storedAtMs ?? Infinity,
      last: this.#last,
      lastAtMs: this.log.at(-1)?.storedAtMs ?? 0,
      bytes: 0,
      maxBytes: Infinity,
      maxPerSubject: Infinity,
      leader: this.leader,
      republishesInOrder: this.republishesInOrder,
    };
  }

  /** Follows a user from the present end of the stream on. */
  follow(userId: string): Follower {
    const follower = { userId, seqs: [] as number[], from: 0, lost: 0 };
    const { begin, stop } = this.feed.follow(userId, {
      onEntry: ({ seq }: StreamEntry) => void follower.seqs.push(seq),
      onLost: () => void follower.lost++,
    });
    follower.from = begin(this.#last);
    return Object.assign(follower, { stop });
  }

  /** The numbers that a follower is owed, as they are on the wire. */
  owed({ userId, from }: Follower): number[] {
    const sequence = new Sequence(this.createdAtMs);
    return this.log
      .filter(({ to }) => to === "everyone" || ("user_id" in to && to.user_id === userId))
      .map(({ count }) => sequence.seqOf(count))
      .filter((seq) => seq > from);
  }

  #listen(to: EventTarget): () => void {
    const key = name(to);
    this.#listening.set(key, (this.#listening.get(key) ?? 0) + 1);
    return () => {
      const left = (this.#listening.get(key) ?? 0) - 1;
      if (left > 0) this.#listening.set(key, left);
      else this.#listening.delete(key);
    };
  }

  async #read(range: FeedRange, take: (message: FeedMessage) => void): Promise<void> {
    this.readings.push(range.after);
    let at = range.after;
    while (at < range.until()) {
      await Promise.resolve();
      range.signal.throwIfAborted();
      if (this.#cut) throw new Error("The link is cut");
      const next = this.log.find(({ count }) => count > at && count > this.#kept);
      if (next === undefined && range.until() < Infinity) return;
      if (next === undefined) await this.#more(range.signal);
      else take(this.log[this.log.indexOf(next)] ?? next);
      at = next?.count ?? at;
    }
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve);
      signal.addEventListener("abort", () => resolve());
    });
  }
}

function name(to: Addressee): string {
  if (to === "everyone") return "everyone";
  return "user_id" in to ? `user ${to.user_id}` : `location ${to.location}`;
}

/** A node that is up with the stream. */
export async function begun(change: Partial<ScriptedStream> = {}): Promise<ScriptedStream> {
  const stream = Object.assign(new ScriptedStream(), change);
  await stream.check();
  return stream;
}

/** Waits for a condition that no timer is needed for. */
export async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !condition(); i++) await Promise.resolve();
  assert.ok(condition());
}
