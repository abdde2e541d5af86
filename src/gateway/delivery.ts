import type {
  EventBody,
  EventEntry,
  EventStream,
  Following,
  StreamEntry,
} from "../events/stream.ts";
import type { TimerWheel, WheelTimer } from "../timer_wheel.ts";
import type { Connection } from "./connection.ts";
import type { Hub } from "./hub.ts";

/** A client that may resume has so long to say so, in ms, before live events flow. */
const HOLD_MS = 1000;

interface Delivered {
  readonly following: Following;
  /** Entries up to this are known to the client, or none of its business. */
  lastSeq: number;
  /** Live entries that wait until it is clear whether the client resumes. */
  held: StreamEntry[] | undefined;
  timer: WheelTimer | undefined;
}

/** What a resumed connection is to be sent. */
export interface Resumption {
  readonly entries: readonly StreamEntry[];
}

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
  readonly #locations = new Map<string, () => void>();
  /** An entry goes to all its followers in one turn, and is encoded once. */
  #latest: { readonly entry: StreamEntry; readonly message: string } | undefined;

  constructor(stream: EventStream, hub: Hub, wheel: TimerWheel) {
    this.#stream = stream;
    this.#hub = hub;
    this.#wheel = wheel;
  }

  /**
   * Begins to deliver to a connection.
   *
   * @param mayResume hold live events until its first message, so that what it missed can come first
   */
  attach(connection: Connection, mayResume: boolean): void {
    const following = this.#stream.follow(connection.userId, {
      onEntry: (entry) => this.#take(connection, entry),
      onLost: () => {},
    });
    this.#connections.set(connection, {
      following,
      lastSeq: 0,
      held: mayResume ? [] : undefined,
      timer: mayResume ? this.#wheel.schedule(HOLD_MS, () => this.release(connection)) : undefined,
    });
  }

  detach(connection: Connection): void {
    const delivered = this.#connections.get(connection);
    if (delivered === undefined) return;
    this.#connections.delete(connection);
    delivered.timer?.cancel();
    delivered.following.stop();
  }

  /** The connection does not resume: live events flow. */
  release(connection: Connection): void {
    const delivered = this.#connections.get(connection);
    if (delivered === undefined || delivered.held === undefined) return;
    const held = delivered.held;
    delivered.held = undefined;
    delivered.timer?.cancel();
    for (const entry of held) this.#send(connection, delivered, entry);
  }

  /**
   * Reads what a client has missed; live events wait until {@linkcode replay}.
   *
   * @returns undefined when more was missed than is kept
   * @throws {StreamError}
   */
  async missed(connection: Connection, afterSeq: number): Promise<Resumption | undefined> {
    const delivered = this.#connections.get(connection);
    if (delivered === undefined) return undefined;
    delivered.held ??= [];
    delivered.timer?.cancel();
    await delivered.following.ready;
    const { complete, entries } = await this.#stream.replay(connection.userId, afterSeq);
    return complete ? { entries } : undefined;
  }

  /** Sends what was missed and then what arrived meanwhile, each once. */
  replay(connection: Connection, resumption: Resumption): void {
    const delivered = this.#connections.get(connection);
    if (delivered === undefined) return;
    for (const entry of resumption.entries) this.#send(connection, delivered, entry);
    this.release(connection);
  }

  /** Somebody of this node is at a location. */
  enter(location: string): void {
    const stop = this.#stream.followLocation(location, (entry) => this.#fanOut(location, entry));
    this.#locations.set(location, stop);
  }

  /** Nobody of this node is at a location any more. */
  leave(location: string): void {
    this.#locations.get(location)?.();
    this.#locations.delete(location);
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
    for (const location of [...this.#locations.keys()]) this.leave(location);
  }

  #take(connection: Connection, entry: StreamEntry): void {
    const delivered = this.#connections.get(connection);
    if (delivered === undefined) return;
    if (delivered.held === undefined) this.#send(connection, delivered, entry);
    else delivered.held.push(entry);
  }

  #send(connection: Connection, delivered: Delivered, entry: StreamEntry): void {
    if (entry.seq <= delivered.lastSeq) return;
    delivered.lastSeq = entry.seq;
    connection.send(this.#encode(entry));
  }

  #fanOut(location: string, entry: EventEntry): void {
    const message = this.#encode(entry);
    for (const connection of this.#hub.at(location)) connection.send(message);
  }

  #encode(entry: StreamEntry): string {
    if (this.#latest?.entry === entry) return this.#latest.message;
    const params = JSON.stringify({ seq: entry.seq, ...entry.params });
    const message = `{"jsonrpc":"2.0","method":"${entry.notification}","params":${params}}`;
    this.#latest = { entry, message };
    return message;
  }
}
