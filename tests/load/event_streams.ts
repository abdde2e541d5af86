import type { LoadClient } from "./load_client.ts";
import { nowMs, type Recorder } from "./recorder.ts";
import { SequenceChecker } from "./sequence_checker.ts";

/** What an event of the load test carries. */
interface Payload {
  readonly kind: Kind;
  /** Index of the sender. */
  readonly from: number;
  /** Counts the sender's events of this kind from 1. */
  readonly n: number;
  /** When it was meant to be sent. */
  readonly at: number;
}

type Kind = "event" | "location_event" | "visit";

/** What {@linkcode EventStreams} is told of the run. */
export interface EventStreamsOptions {
  readonly recorder: Recorder;
  /** Sets the events of this run apart. */
  readonly type: string;
  /** Who gets the events to users of a client, by index. */
  readonly userAfter: (index: number) => string;
  /** Who of those who come and go gets the events of a client. */
  readonly visitorOf: (index: number) => string;
  readonly location: (index: number) => string;
  /** How many are where a client is. */
  readonly membersAt: (index: number) => number;
}

/**
 * Numbered events from clients to clients: each must come to each of those it is meant for, once, in the
 * order sent.
 */
export class EventStreams {
  readonly #options: EventStreamsOptions;
  readonly #sent = new Map<string, number>();
  readonly #checkers = new Map<string, SequenceChecker>();

  constructor(options: EventStreamsOptions) {
    this.#options = options;
  }

  sendToUser(client: LoadClient, atMs: number): void {
    const to = { user_id: this.#options.userAfter(client.index) };
    this.#send("event", client, to, 1, atMs);
  }

  sendToVisitor(client: LoadClient, atMs: number): void {
    const to = { user_id: this.#options.visitorOf(client.index) };
    this.#send("visit", client, to, 1, atMs);
  }

  sendToLocation(client: LoadClient, atMs: number): void {
    const { location, membersAt } = this.#options;
    const to = { location: location(client.index) };
    this.#send("location_event", client, to, membersAt(client.index), atMs);
  }

  /** Takes the params of a `player.event`. */
  receive(client: LoadClient, params: Record<string, unknown>): void {
    const { recorder, type } = this.#options;
    if (params["type"] !== type) return;
    const payload = params["payload"] as Payload;
    const { kind, from } = payload;
    const key = `${kind} ${from} ${client.index}`;
    let checker = this.#checkers.get(key);
    if (checker === undefined) this.#checkers.set(key, checker = new SequenceChecker());
    const { received, doubled, misordered } = checker;
    checker.take(payload.n);
    recorder.deliveries.received += checker.received - received;
    recorder.doubled += checker.doubled - doubled;
    recorder.misordered += checker.misordered - misordered;
    if (payload.at > nowMs()) recorder.isWrong(`An event of the future: ${JSON.stringify(params)}`);
    else recorder.took(kind, payload.at);
  }

  #send(kind: Kind, client: LoadClient, to: object, receivers: number, atMs: number): void {
    const { recorder, type } = this.#options;
    const key = `${kind} ${client.index}`;
    const n = (this.#sent.get(key) ?? 0) + 1;
    this.#sent.set(key, n);
    recorder.deliveries.expected += receivers;
    const payload: Payload = { kind, from: client.index, n, at: atMs };
    client.call("send", "player.sendEvent", JSON.stringify({ to, type, payload }), atMs, {
      onError: () => recorder.deliveries.expected -= receivers,
    });
  }
}
