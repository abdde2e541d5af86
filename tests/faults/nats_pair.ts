/**
 * Two NATS servers in one cluster, over a network that a test can cut.
 *
 * @module
 */
import { TcpRelay } from "../client/support/tcp_relay.ts";
import { freePort } from "../support/servers/free_port.ts";
import { type NatsOptions, type NatsServer, startNats } from "../support/servers/nats_server.ts";

/** The second server runs; the first one is for the caller to start. Dispose of it (`await using`). */
export class NatsPair implements AsyncDisposable {
  /** How the first server must be. */
  readonly first: NatsOptions;
  readonly second: NatsServer;
  readonly #relays: readonly TcpRelay[];

  private constructor(first: NatsOptions, second: NatsServer, relays: readonly TcpRelay[]) {
    this.first = first;
    this.second = second;
    this.#relays = relays;
  }

  static async start(): Promise<NatsPair> {
    const ports = [freePort(), freePort()] as const;
    const relays = [new TcpRelay(ports[0]), new TcpRelay(ports[1])] as const;
    const options = (at: 0 | 1): NatsOptions => ({
      jetstream: false,
      // Each is known to the other only by its relay's address.
      config: `cluster {
        name: pair
        listen: "127.0.0.1:${ports[at]}"
        advertise: "127.0.0.1:${relays[at].port}"
        routes: ["nats://127.0.0.1:${relays[at === 0 ? 1 : 0].port}"]
      }`,
    });
    return new NatsPair(options(0), await startNats(options(1)), relays);
  }

  /** Nothing gets from one server to the other any more. */
  cut(): void {
    for (const relay of this.#relays) relay.block();
    for (const relay of this.#relays) relay.cut();
  }

  /** Everything does again. */
  heal(): void {
    for (const relay of this.#relays) relay.unblock();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.second[Symbol.asyncDispose]();
    for (const relay of this.#relays) await relay[Symbol.asyncDispose]();
  }
}
