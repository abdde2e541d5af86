import type {
  ClientEvents,
  ConnectionReason,
  ConnectionState,
  Presence,
  PresenceChange,
  PresenceInterestParams,
  RpcError,
  Welcome,
} from "../../src/client/client.ts";
import { Emitter } from "../../src/client/emitter.ts";
import type { PresenceClient, StatusClient } from "../../src/elements/elements.ts";

/**
 * Stands for the SDK in the tests of the elements: no connection, the test itself says what happens.
 * That elements and SDK work together is shown with a real gateway, in the lobby's tests.
 */
export class StubClient implements StatusClient, PresenceClient {
  state: ConnectionState = "idle";
  reason: ConnectionReason | null = null;
  latencyMs: number | null = null;
  welcome: Welcome | null = null;
  reconnects = 0;
  readonly presence = new StubPresence();
  readonly #events = new Emitter<ClientEvents>();
  readonly on: StatusClient["on"] = (name, listener, options) =>
    this.#events.on(name, listener, options);

  reconnectNow(): void {
    this.reconnects++;
  }

  /** Goes to a state, as a client would: first the properties, then the event. */
  enter(state: ConnectionState, reason: ConnectionReason | null = null): void {
    const previous = this.state;
    this.state = state;
    this.reason = reason;
    this.#events.emit("state", { state, previous, reason });
  }

  /** A ping came back. */
  measure(latencyMs: number): void {
    this.latencyMs = latencyMs;
    this.#events.emit("latency", latencyMs);
  }
}

/** Stands for the SDK's presence view. */
export class StubPresence {
  synced = true;
  /** So many subscriptions are refused. */
  refusals = 0;
  /** With this. */
  refusedWith = new Error("Refused");
  refusal: RpcError | null = null;
  /** What was subscribed and unsubscribed, in words and in order. */
  readonly asked: string[] = [];
  /** What was subscribed and not unsubscribed yet. */
  readonly interests: PresenceInterestParams[] = [];
  readonly #online = new Map<string, Presence>();
  readonly #offline = new Map<string, Presence>();
  readonly #events = new Emitter<{ change: PresenceChange }>();
  readonly on: PresenceClient["presence"]["on"] = (name, listener, options) =>
    this.#events.on(name, listener, options);

  users(): ReadonlyMap<string, Presence> {
    return this.#online;
  }

  get(userId: string): Presence | undefined {
    return this.#online.get(userId) ?? this.#offline.get(userId);
  }

  subscribe(interest: PresenceInterestParams = { all: true }): Promise<readonly Presence[]> {
    this.asked.push(`subscribe ${wordsOf(interest)}`);
    if (this.refusals-- > 0) return Promise.reject(this.refusedWith);
    this.interests.push(interest);
    return Promise.resolve([]);
  }

  unsubscribe(interest: PresenceInterestParams = { all: true }): Promise<void> {
    this.asked.push(`unsubscribe ${wordsOf(interest)}`);
    const at = this.interests.findIndex((one) => JSON.stringify(one) === JSON.stringify(interest));
    if (at >= 0) this.interests.splice(at, 1);
    return Promise.resolve();
  }

  /** Users change, come or, with status `offline`, go. */
  update(presences: readonly Presence[]): void {
    const changed: Presence[] = [];
    const removed: string[] = [];
    for (const presence of presences) {
      const { status, user_id } = presence;
      this.#online.delete(user_id);
      this.#offline.delete(user_id);
      (status === "offline" ? this.#offline : this.#online).set(user_id, presence);
      if (status === "offline") removed.push(user_id);
      else changed.push(presence);
    }
    this.#events.emit("change", { changed, removed });
  }
}

function wordsOf({ locations }: PresenceInterestParams): string {
  return locations?.join() ?? "everyone";
}
