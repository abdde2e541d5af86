import type { Bus } from "../bus/bus.ts";
import type { NodePresence } from "../presence/presence.ts";
import { CloseCode } from "../protocol/close_codes.ts";
import type { Shutdown } from "../protocol/notifications.ts";
import type { TimerWheel } from "../timer_wheel.ts";
import type { Connection, ConnectionHost } from "./connection.ts";
import type { Hub } from "./hub.ts";
import { encodeNotification } from "./notification.ts";

/** Clients are asked to stay away for at least so long after a shutdown, in ms. */
const COMEBACK_MIN_MS = 500;
/** …and the last of them for so much longer for each connection, up to a limit: nobody is run over. */
const COMEBACK_PER_CONNECTION_MS = 10;
const COMEBACK_MIN_SPREAD_MS = 2000;
const COMEBACK_MAX_SPREAD_MS = 30_000;

/** How long it waits for clients to answer the goodbye, in ms: some never will. */
const PARTING_LIMIT_MS = 1000;

/** What {@linkcode Farewell} works with. */
export interface FarewellOptions {
  readonly hub: Hub;
  readonly presence: NodePresence;
  readonly bus: Bus;
  readonly wheel: TimerWheel;
  /** For all of it, in ms. */
  readonly drainMs: number;
  /** Knows who has not gone yet. */
  readonly host: Pick<ConnectionHost, "closing">;
}

/** The end of a node, as its clients and the other nodes see it. */
export class Farewell {
  readonly #options: FarewellOptions;
  #isBegun = false;
  #comebackSpreadMs = COMEBACK_MIN_SPREAD_MS;

  constructor(options: FarewellOptions) {
    this.#options = options;
  }

  /** Whether nobody is let in any more. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** Asks a client to go, and to come back after a while of its own. */
  seeOff(connection: Connection): void {
    const shutdown: Shutdown = {
      reason: "restart",
      reconnect_after_ms: Math.round(COMEBACK_MIN_MS + Math.random() * this.#comebackSpreadMs),
    };
    const lastWord = encodeNotification("system.shutdown", shutdown);
    connection.close(CloseCode.serviceRestart, "restart", lastWord);
  }

  /** Sees all clients off and says goodbye to the other nodes; resolves within the time it has. */
  async drain(): Promise<void> {
    const { hub, drainMs } = this.#options;
    this.#isBegun = true;
    this.#comebackSpreadMs = Math.min(
      Math.max(hub.size * COMEBACK_PER_CONNECTION_MS, COMEBACK_MIN_SPREAD_MS),
      COMEBACK_MAX_SPREAD_MS,
    );
    for (const connection of [...hub.all()]) this.seeOff(connection);
    await Promise.all([within(drainMs, this.#leave()), this.#parting()]);
  }

  async #leave(): Promise<void> {
    const { presence, bus } = this.#options;
    await presence.leave();
    await bus.flush().catch(() => {
      // The peers will find out by themselves.
    });
  }

  /** The last words and close frames have to leave this process, but for readers that block. */
  async #parting(): Promise<void> {
    const { host, wheel } = this.#options;
    const limitAt = performance.now() + PARTING_LIMIT_MS;
    while (host.closing.size > 0 && performance.now() < limitAt) {
      await new Promise<void>((resolve) => wheel.schedule(0, resolve));
    }
  }
}

/** Waits for work to be done, but no longer than that. */
async function within(limitMs: number, work: Promise<void>): Promise<void> {
  const limit = Promise.withResolvers<void>();
  const timer = setTimeout(() => limit.resolve(), limitMs);
  await Promise.race([work, limit.promise]);
  clearTimeout(timer);
}
