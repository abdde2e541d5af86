/**
 * Buses on a real NATS server, for tests.
 *
 * @module
 */

import { connectNatsBus, type NatsBus } from "../../src/bus/bus_nats.ts";
import type { BusStatus } from "../../src/bus/bus.ts";
import { uniquePrefix } from "../support/backends.ts";
import { type NatsServer, startNats } from "../support/servers/nats_server.ts";
import { until } from "../support/wait.ts";
import type { BusPlace } from "../conformance/bus.ts";

/** A place on the server at `url`, or, when it has to break, on a server of its own. */
export async function openNatsPlace(url: string, breakable: boolean): Promise<BusPlace> {
  const server = breakable ? await startNats({ jetstream: false }) : undefined;
  const buses: NatsBus[] = [];
  return {
    prefix: uniquePrefix(),
    async connect() {
      const bus = connectNatsBus({ servers: server?.url ?? url, name: "test" });
      buses.push(bus);
      await bus.connection();
      return bus;
    },
    async cut() {
      await server?.kill();
      await Promise.all(buses.map((bus) => reaches(bus, "disconnected")));
    },
    async mend() {
      await server?.restart();
      await Promise.all(buses.map((bus) => reaches(bus, "connected")));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(buses.map((bus) => bus.close()));
      await server?.[Symbol.asyncDispose]();
    },
  };
}

/** A bus on `server` that a test owns (`await using`), connected or not. */
export function openBus(
  server: NatsServer,
  options: Partial<Parameters<typeof connectNatsBus>[0]> = {},
): NatsBus & AsyncDisposable {
  const bus = connectNatsBus({ servers: server.url, name: "test", ...options });
  return Object.assign(bus, { [Symbol.asyncDispose]: () => bus.close() });
}

/** Waits until `bus` has `status`. */
export async function reaches(bus: NatsBus, status: BusStatus): Promise<void> {
  await until(() => bus.status === status, { what: `a ${status} bus`, timeoutMs: 15_000 });
}
