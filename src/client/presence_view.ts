import type { PresenceInterestParams } from "../protocol/methods.ts";
import type { Presence } from "../protocol/presence.ts";
import type { CallOptions } from "./client_options.ts";
import { Emitter, type ListenOptions, type Unsubscribe } from "./emitter.ts";

/** What changed in a view, gathered per message. */
export interface PresenceChange {
  /** Users who came or whose presence is new. */
  readonly changed: readonly Presence[];
  /** Ids of users who are no longer in the view: offline, or gone from where it looks. */
  readonly removed: readonly string[];
}

/** Events of a {@linkcode PresenceView}. */
export type PresenceViewEvents = {
  /** Never empty, except once after a snapshot that changed nothing ({@linkcode PresenceView.synced}). */
  change: PresenceChange;
};

/**
 * Who is online, kept right by itself: a snapshot, then updates, the newest version of each user
 * wins; after a reconnect the same again.
 */
export class PresenceView {
  readonly #events = new Emitter<PresenceViewEvents>();

  /** Whether the view holds a whole snapshot of what it is subscribed to, and updates flow. */
  get synced(): boolean {
    return false;
  }

  /** Online users by id. Live: do not change it, and do not keep it. */
  users(): ReadonlyMap<string, Presence> {
    return new Map();
  }

  /** What is known of a user, also of one who went offline; undefined when nothing is. */
  get(_userId: string): Presence | undefined {
    return undefined;
  }

  /**
   * Subscribes to users, to locations or, without params, to everyone. Counted: what was subscribed
   * twice ends when it was unsubscribed twice. Lasts over reconnects; without a connection it waits
   * for one.
   *
   * @returns the snapshot of what was subscribed
   */
  subscribe(
    _interest: PresenceInterestParams = { all: true },
    _options: CallOptions = {},
  ): Promise<readonly Presence[]> {
    return Promise.reject(new Error("Not built yet"));
  }

  /** Ends what {@linkcode subscribe} began. */
  unsubscribe(
    _interest: PresenceInterestParams = { all: true },
    _options: CallOptions = {},
  ): Promise<void> {
    return Promise.reject(new Error("Not built yet"));
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
