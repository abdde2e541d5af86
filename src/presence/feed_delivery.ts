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
  /**
   * How much had been learned when somebody began to watch a location, or everyone (null). Whatever is
   * older their snapshot has, and it may be outdated by what was not listened to until then.
   */
  readonly #begun = new Map<string | null, number>();
  /** Watchers that are to be sent what they missed. */
  readonly #caughtUp = new Set<Subscription>();
  #isMakingUp = false;

  constructor(audiences: Audiences, counters: Counters) {
    this.#audiences = audiences;
    this.#counters = counters;
  }

  /** Somebody begins to watch a location, or everyone (null), which nobody did until now. */
  begin(place: string | null, learned: number): void {
    this.#begun.set(place, learned);
  }

  /** Nobody watches it any more. */
  end(place: string | null): void {
    this.#begun.delete(place);
  }

  /** Tells everyone who watches of changes: one message for each audience. */
  async tell(changes: readonly GatheredChange[], pace: Pace): Promise<void> {
    const isNews = (change: GatheredChange) => this.#isNews(change, null);
    const forAll = changes.every(isNews) ? changes : changes.filter(isNews);
    await this.#deliver(this.#audiences.all, forAll, pace);
    await this.#tellSome(forAll, pace, isWatchingSome);
    if (forAll.length === changes.length) return;
    await this.#tellSome(changes.filter((change) => !isNews(change)), pace, () => true);
  }

  async #tellSome(
    changes: readonly GatheredChange[],
    pace: Pace,
    isMeant: (subscription: Subscription) => boolean,
  ): Promise<void> {
    for (const [location, there] of byLocation(changes)) {
      const audience = this.#audiences.ofLocation(location);
      if (audience.size === 0) continue;
      const news = there.filter((change) => this.#isNews(change, location));
      await this.#deliver(audience, news, pace, isMeant);
    }
    for (const change of changes) {
      const audience = this.#audiences.ofUser(change.presence.user_id);
      if (audience.size === 0) continue;
      const told = [...change.locations].filter((location) => this.#isNews(change, location));
      await this.#deliver(
        audience,
        [change],
        pace,
        (subscription) => isMeant(subscription) && !seesAnyOf(subscription, told),
      );
    }
  }

  #isNews({ learned }: GatheredChange, place: string | null): boolean {
    return learned > (this.#begun.get(place) ?? 0);
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

function seesAnyOf({ locations }: Subscription, told: readonly string[]): boolean {
  return locations.size > 0 && told.some((location) => locations.has(location));
}
