import type { EventStream, Following, StreamEntry, StreamFollower } from "../events/stream.ts";
import { CloseCode } from "../protocol/close_codes.ts";
import type { WheelTimer } from "../timer_wheel.ts";
import type { Audience } from "./audience.ts";
import type { Connection } from "./connection.ts";
import { type EncodeEntry, EventLine } from "./event_line.ts";
import { failBroken } from "./parting.ts";

/** A location where somebody of this node is. */
export interface Place {
  readonly location: string;
  readonly audience: Audience;
  /** Ends the following of its events. */
  readonly unfollow: () => void;
}

/** One connection that is delivered to. An entry that cannot be sent ends it, and nothing else. */
export class Delivered implements StreamFollower {
  readonly line: EventLine;
  readonly following: Following;
  timer: WheelTimer | undefined;
  place: Place | undefined;
  readonly #connection: Connection;
  #onReleased: (() => void) | undefined;

  /** @param onReleased called once, at the first {@linkcode release} */
  constructor(
    connection: Connection,
    stream: EventStream,
    encode: EncodeEntry,
    onReleased: (() => void) | undefined,
  ) {
    this.#connection = connection;
    this.#onReleased = onReleased;
    this.line = new EventLine(connection, encode);
    this.following = stream.follow(connection.userId, this);
  }

  /** Lets live events flow. */
  release(): void {
    try {
      this.line.release();
    } catch (error) {
      failBroken(this.#connection, error);
    }
    const onReleased = this.#onReleased;
    this.#onReleased = undefined;
    onReleased?.();
  }

  /** Sends what waits, as far as the client keeps up. */
  flow(): void {
    try {
      this.line.flow();
    } catch (error) {
      failBroken(this.#connection, error);
    }
  }

  onEntry(entry: StreamEntry): void {
    try {
      this.line.take(entry);
    } catch (error) {
      failBroken(this.#connection, error);
    }
  }

  /** Nothing can make up for it here: the client comes back, and is told to take a snapshot. */
  onLost(): void {
    this.#connection.close(CloseCode.serviceRestart, "events were lost");
  }
}
