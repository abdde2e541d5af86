import type { Presence } from "../protocol/presence.ts";
import type { Counters } from "../telemetry/counters.ts";
import type { Audiences, Subscription } from "./audiences.ts";
import type { GatheredChange } from "./gathering.ts";
import { Pace } from "./pace.ts";
import { encodeUpdate } from "./update_codec.ts";

/**
 * Sends presence changes to those who watch, a slice at a time. Who lags is sent the newest of each
 * user once they have caught up.
 */
export class FeedDelivery {
  readonly #audiences: Audiences;
  readonly #counters: Counters;
  readonly #encoded = new WeakMap<Presence, string>();
  /** Watchers that are to be sent what they missed. */
  readonly #caughtUp = new Set<Subscription>();
  #isMakingUp = false;

  constructor(audiences: Audiences, counters: Counters) {
    this.#audiences = audiences;
    this.#counters = counters;
  }

  /** Tells everyone who watches of changes: one message for each audience. */
  async tell(changes: readonly GatheredChange[], pace: Pace): Promise<void> {
    await this.#deliver(this.#audiences.all, changes, pace);
    for (const [location, there] of byLocation(changes)) {
      const audience = this.#audiences.ofLocation(location);
      await this.#deliver(audience, there, pace, isWatchingSome);
    }
    for (const change of changes) {
      const audience = this.#audiences.ofUser(change.presence.user_id);
      if (audience.size === 0) continue;
      await this.#deliver(
        audience,
        [change],
        pace,
        (subscription) =>
          isWatchingSome(subscription) && !seesAnyOf(subscription, change.locations),
      );
    }
  }

  /** A watcher has caught up: sends them the newest of what they were not sent meanwhile. */
  catchUp(subscription: Subscription): void {
    if (subscription.missed === undefined) return;
    this.#caughtUp.add(subscription);
    if (!this.#isMakingUp) void this.#makeUp();
  }

  async #makeUp(): Promise<void> {
    const pace = new Pace();
    this.#isMakingUp = true;
    // Who is added meanwhile, be it once more, has their turn, too.
    for (const subscription of this.#caughtUp) {
      this.#caughtUp.delete(subscription);
      const { missed, isIdle, watcher } = subscription;
      subscription.missed = undefined;
      if (missed !== undefined && !isIdle) watcher.send(this.#encode(missed.values()));
      const pause = pace.pause();
      if (pause !== undefined) await pause;
    }
    this.#isMakingUp = false;
  }

  async #deliver(
    audience: ReadonlySet<Subscription>,
    changes: readonly GatheredChange[],
    pace: Pace,
    isMeant: (subscription: Subscription) => boolean = () => true,
  ): Promise<void> {
    if (audience.size === 0 || changes.length === 0) return;
    const message = this.#encode(changes.map(({ presence }) => presence));
    // Whoever comes while this goes on has a snapshot with all of it.
    for (const subscription of [...audience]) {
      if (subscription.isIdle || !isMeant(subscription)) continue;
      if (subscription.missed !== undefined || subscription.watcher.isLagging) {
        subscription.missed ??= new Map();
        for (const { presence } of changes) subscription.missed.set(presence.user_id, presence);
      } else {
        subscription.watcher.send(message);
        this.#counters.presenceDelivered++;
      }
      const pause = pace.pause();
      if (pause !== undefined) await pause;
    }
  }

  /** A presence is sent to many, in ever other company: it is written as JSON once. */
  #encode(presences: Iterable<Presence>): string {
    const texts: string[] = [];
    for (const presence of presences) {
      let text = this.#encoded.get(presence);
      if (text === undefined) this.#encoded.set(presence, text = JSON.stringify(presence));
      texts.push(text);
    }
    return encodeUpdate(texts);
  }
}

function byLocation(changes: readonly GatheredChange[]): Map<string, GatheredChange[]> {
  const groups = new Map<string, GatheredChange[]>();
  for (const change of changes) {
    for (const location of change.locations) {
      const group = groups.get(location);
      if (group === undefined) groups.set(location, [change]);
      else group.push(change);
    }
  }
  return groups;
}

/** Who watches everyone has been told already. */
function isWatchingSome(subscription: Subscription): boolean {
  return !subscription.all;
}

function seesAnyOf(subscription: Subscription, locations: ReadonlySet<string>): boolean {
  if (subscription.locations.size === 0) return false;
  for (const location of locations) if (subscription.locations.has(location)) return true;
  return false;
}
