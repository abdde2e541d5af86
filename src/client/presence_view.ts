import type { RpcError } from "../protocol/errors.ts";
import type { PresenceInterestParams } from "../protocol/methods.ts";
import type { Presence } from "../protocol/presence.ts";
import type { CallOptions } from "./client_options.ts";
import type { Emitter, ListenOptions, Unsubscribe } from "./emitter.ts";
import type { PresenceChange } from "./presence_model.ts";
import type { PresenceSync } from "./presence_sync.ts";

/** Events of a {@linkcode PresenceView}. */
export type PresenceViewEvents = {
  /** Who is in the view has changed; empty when only `synced` or `refusal` has. */
  change: PresenceChange;
};

/**
 * Who is online, kept right by itself: a snapshot, then updates, the newest version of each user
 * wins; after a reconnect the same again.
 *
 * It shows what was subscribed; before the first `subscribe()`, the player's own presence and
 * whatever the server sends unasked.
 */
export class PresenceView {
  readonly #sync: PresenceSync;
  readonly #events: Emitter<PresenceViewEvents>;

  /** Made by the client. */
  constructor(sync: PresenceSync, events: Emitter<PresenceViewEvents>) {
    this.#sync = sync;
    this.#events = events;
  }

  /**
   * Whether the view holds a whole snapshot of what it is subscribed to, and updates flow. False
   * while there is no connection: then it shows what was last known.
   */
  get synced(): boolean {
    return this.#sync.synced;
  }

  /**
   * Why the view cannot be whole on this connection: the server does not take any more what it took
   * on one before. It was told as an `error` too, and is asked for again after the next `subscribe()`
   * or `unsubscribe()`, and on the next connection. Null where nothing stands in the way.
   */
  get refusal(): RpcError | null {
    return this.#sync.refusal;
  }

  /** Online users by id. Live: it changes with the view. */
  users(): ReadonlyMap<string, Presence> {
    return this.#sync.model.online;
  }

  /** What was last heard of a user, online or not; undefined when nothing was. */
  get(userId: string): Presence | undefined {
    return this.#sync.model.get(userId);
  }

  /**
   * Subscribes to users, to locations or, without params, to everyone. Counted: what was subscribed
   * twice ends when it was unsubscribed twice. Lasts over reconnects; without a connection it waits
   * for one, however long, unless it is given a time or a signal. Who stops waiting is not subscribed.
   *
   * @returns the snapshot of what was subscribed, offline users among those asked for by id
   * @throws {RpcError} the server refused; nothing is subscribed
   * @throws {ClientError} `timeout`; nothing is subscribed
   */
  subscribe(
    interest: PresenceInterestParams = { all: true },
    options: CallOptions = {},
  ): Promise<readonly Presence[]> {
    return this.#sync.subscribe(interest, options);
  }

  /**
   * Ends what {@linkcode subscribe} began, or the server by itself (`all`). The view stops to show
   * it at once, whatever the server says.
   */
  unsubscribe(
    interest: PresenceInterestParams = { all: true },
    options: CallOptions = {},
  ): Promise<void> {
    return this.#sync.unsubscribe(interest, options);
  }

  /** Calls `listener` on each change until unsubscribed. */
  on<Name extends keyof PresenceViewEvents>(
    name: Name,
    listener: (value: PresenceViewEvents[Name]) => void,
    options?: ListenOptions,
  ): Unsubscribe {
    return this.#events.on(name, listener, options);
  }

  /** Calls `listener` on the next change only. */
  once<Name extends keyof PresenceViewEvents>(
    name: Name,
    listener: (value: PresenceViewEvents[Name]) => void,
    options?: ListenOptions,
  ): Unsubscribe {
    return this.#events.once(name, listener, options);
  }

  /** Removes a listener. */
  off<Name extends keyof PresenceViewEvents>(
    name: Name,
    listener: (value: PresenceViewEvents[Name]) => void,
  ): void {
    this.#events.off(name, listener);
  }
}
