import { encodeEntry } from "../events/entry_codec.ts";
import type { EventBody, EventStream, Following, StreamEntry } from "../events/stream.ts";
import { StreamError } from "../events/stream.ts";
import type { TimerWheel } from "../timer_wheel.ts";
import { Audience } from "./audience.ts";
import type { Connection } from "./connection.ts";
import { Delivered, type Place } from "./delivered.ts";
import type { EncodeEntry } from "./event_line.ts";
import type { Hub } from "./hub.ts";

/** A client that may resume has so long to say so, in ms, before live events flow. */
const HOLD_MS = 1000;

/** How long a client that resumes waits for the stream to be there, in ms. */
const READY_LIMIT_MS = 3000;

/** Ended sessions of this node that are remembered, the latest ones… */
const MAX_PAST = 50_000;
/** …and so many more before the oldest are forgotten: a set finds its oldest only past all that left. */
const MAX_PAST_SURPLUS = 1000;

/**
 * Brings events and announcements to the connections of this node, each once and in order: those of
 * the user from the numbered stream, replayed where a client resumes, and those of a location as
 * long as somebody here is there.
 */
export class Delivery {
  readonly #stream: EventStream;
  readonly #hub: Hub;
  readonly #wheel: TimerWheel;
  readonly #connections = new Map<Connection, Delivered>();
  readonly #places = new Map<string, Place>();
  /** Sessions that this node has delivered to, the latest last. */
  readonly #past = new Set<string>();
  /** An entry goes to all its followers in one turn, and is encoded once. */
  #latest: { readonly entry: StreamEntry; readonly message: string } | undefined;

  constructor(stream: EventStream, hub: Hub, wheel: TimerWheel) {
    this.#stream = stream;
    this.#hub = hub;
    this.#wheel = wheel;
  }

  /**
   * Begins to deliver to a connection; its events wait until {@linkcode release}.
   *
   * @param onReleased called once, when they first flow: the client has resumed, or let the chance pass
   * @returns resolves once whatever is stored for its user from then on will reach it, or it is over;
   * pending while the stream is away
   */
  attach(connection: Connection, onReleased?: () => void): Promise<unknown> {
    const delivered = new Delivered(connection, this.#stream, this.#encode, onReleased);
    this.#connections.set(connection, delivered);
    delivered.line.hold();
    return delivered.following.ready;
  }

  detach(connection: Connection): void {
    const delivered = this.#connections.get(connection);
    if (delivered === undefined) return;
    this.#connections.delete(connection);
    this.#put(delivered, undefined);
    delivered.timer?.cancel();
    delivered.following.stop();
    this.#past.add(connection.sessionId);
    if (this.#past.size > MAX_PAST + MAX_PAST_SURPLUS) this.#forgetOldest();
  }

  /** Live events wait until {@linkcode release}. */
  hold(connection: Connection): void {
    const delivered = this.#connections.get(connection);
    delivered?.timer?.cancel();
    delivered?.line.hold();
  }

  /** The client may resume soon: live events wait for that, but not for long. */
  holdBriefly(connection: Connection): void {
    const delivered = this.#connections.get(connection);
    if (delivered === undefined) return;
    this.hold(connection);
    delivered.timer = this.#wheel.schedule(HOLD_MS, () => delivered.release());
  }

  /** What waits is sent, and live events flow. */
  release(connection: Connection): void {
    const delivered = this.#connections.get(connection);
    delivered?.timer?.cancel();
    delivered?.release();
  }

  /** The connection was behind and has caught up: what waits for it goes on. */
  flow(connection: Connection): void {
    this.#connections.get(connection)?.flow();
  }

  /**
   * Puts what a client has missed before the live events. They must be held; {@linkcode release} then
   * sends both, each entry once.
   *
   * @param sessionId the session that it resumes
   * @param afterSeq the last entry that it has
   * @returns how much it missed; undefined when that is more than is kept, or comes too late
   * @throws {StreamError}
   */
  async catchUp(
    connection: Connection,
    sessionId: string,
    afterSeq: number,
  ): Promise<number | undefined> {
    const delivered = this.#connections.get(connection);
    if (delivered === undefined) return undefined;
    // A stream that each node keeps for itself numbers differently on each.
    if (!this.#stream.shared && !this.#wasHere(sessionId)) return undefined;
    await this.#ready(delivered.following);
    const { complete, entries } = await this.#stream.replay(connection.userId, afterSeq);
    return complete ? delivered.line.goOn(afterSeq, entries) : undefined;
  }

  /** Puts a connection where its player says to be; does nothing once it is gone. */
  move(connection: Connection, location: string | null): void {
    const delivered = this.#connections.get(connection);
    if (delivered === undefined || delivered.place?.location === (location ?? undefined)) return;
    this.#put(delivered, location === null ? undefined : this.#placeAt(location));
  }

  /**
   * Sends an event to where it is addressed; resolves once it is safe.
   *
   * @throws {StreamError}
   */
  async sendEvent(event: EventBody, dedupeId: string): Promise<void> {
    if ("user_id" in event.to) await this.#stream.append(event.to.user_id, event, dedupeId);
    else await this.#stream.appendToLocation(event.to.location, event, dedupeId);
  }

  stop(): void {
    for (const connection of [...this.#connections.keys()]) this.detach(connection);
  }

  #wasHere(sessionId: string): boolean {
    return this.#past.has(sessionId) || this.#hub.session(sessionId) !== undefined;
  }

  #forgetOldest(): void {
    for (const oldest of this.#past) {
      if (this.#past.size <= MAX_PAST) return;
      this.#past.delete(oldest);
    }
  }

  async #ready(following: Following): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = this.#wheel.schedule(READY_LIMIT_MS, () => {
      late.reject(new StreamError("unavailable", "The event stream did not answer in time"));
    });
    await Promise.race([following.ready, late.promise]).finally(() => timer.cancel());
  }

  #placeAt(location: string): Place {
    const known = this.#places.get(location);
    if (known !== undefined) return known;
    const audience = new Audience();
    const unfollow = this.#stream.followLocation(
      location,
      (entry) => audience.send(entry, this.#encode(entry)),
    );
    const place = { location, audience, unfollow };
    this.#places.set(location, place);
    return place;
  }

  #put(delivered: Delivered, place: Place | undefined): void {
    const before = delivered.place;
    delivered.place = place;
    delivered.line.moveTo(place?.audience);
    if (before === undefined || before.audience.size > 0) return;
    before.unfollow();
    this.#places.delete(before.location);
  }

  readonly #encode: EncodeEntry = (entry) => {
    if (this.#latest?.entry === entry) return this.#latest.message;
    const before =
      `{"jsonrpc":"2.0","method":"${entry.notification}","params":{"seq":${entry.seq},`;
    const message = `${before}${encodeEntry(entry.params).slice(1)}}`;
    this.#latest = { entry, message };
    return message;
  };
}
