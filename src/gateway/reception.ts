import type { Config } from "../config.ts";
import { isoNow } from "../iso_clock.ts";
import { StoreUnavailableError } from "../presence/store.ts";
import type { Outcome } from "../presence/store.ts";
import type { NodePresence } from "../presence/presence.ts";
import { CloseCode } from "../protocol/close_codes.ts";
import { PROTOCOL_VERSION } from "../protocol/notifications.ts";
import type { Presence } from "../protocol/presence.ts";
import type { Counters } from "../telemetry/counters.ts";
import type { TimerWheel } from "../timer_wheel.ts";
import type { Identity } from "./auth.ts";
import { Connection, type ConnectionHost } from "./connection.ts";
import type { Delivery } from "./delivery.ts";
import type { Hub } from "./hub.ts";
import { failBroken } from "./parting.ts";
import { SessionLimit } from "./session_limit.ts";
import type { Socket, SocketEnd } from "./socket.ts";

/** What does not answer keeps nobody from playing: the welcome goes out after so long, in ms. */
const ENTER_PATIENCE_MS = 1000;

/** What {@linkcode Reception} works with. */
export interface ReceptionOptions {
  readonly config: Config;
  readonly hub: Hub;
  readonly presence: NodePresence;
  readonly delivery: Delivery;
  readonly counters: Counters;
  /** Closes a session that another node holds. */
  readonly closeElsewhere: (sessionId: string, instance: string) => void;
}

/** Sees connections in and out: registers, joins, welcomes; and undoes all of it at the end. */
export class Reception {
  readonly #options: ReceptionOptions;
  readonly #sessionLimit: SessionLimit;

  constructor(options: ReceptionOptions) {
    this.#options = options;
    const { config, hub, presence, closeElsewhere } = options;
    const { maxSessionsPerUser } = config;
    this.#sessionLimit = new SessionLimit({ maxSessionsPerUser, hub, presence, closeElsewhere });
  }

  /** Takes over an open socket. */
  admit(
    socket: Socket,
    identity: Identity,
    isBatching: boolean,
    host: ConnectionHost,
  ): Connection {
    const { hub, presence, config, counters } = this.#options;
    const sessionId = `ws_${crypto.randomUUID().replaceAll("-", "")}`;
    const connection = new Connection(sessionId, identity, socket, isBatching, host);
    counters.connectionsOpened++;
    hub.add(connection);
    this.#sessionLimit.expect(connection, host.wheel);
    if (config.presenceAutoSubscribe === "all") presence.feed.subscribe(connection, { all: true });
    this.#welcome(connection, host.wheel).catch((error) => failBroken(connection, error));
    return connection;
  }

  /** The connection is over. */
  dismiss(connection: Connection, end: SocketEnd): void {
    const { hub, presence, delivery, counters } = this.#options;
    counters.connectionsClosed.add(boundedCloseCode(end.code));
    presence.feed.release(connection);
    delivery.detach(connection);
    this.#sessionLimit.forget(connection);
    hub.remove(connection);
    if (end.isClean) presence.tracker.leave(connection.sessionId);
    else presence.tracker.breakOff(connection.sessionId);
  }

  async #welcome(connection: Connection, wheel: TimerWheel): Promise<void> {
    const outcome = await this.#enter(connection, wheel);
    if (connection.isOver) return;
    const { config, delivery } = this.#options;
    connection.notify("system.welcome", {
      session_id: connection.sessionId,
      user_id: connection.userId,
      node_id: config.nodeId,
      region: config.region,
      server_time: isoNow(),
      protocol: PROTOCOL_VERSION,
      heartbeat_interval_ms: config.heartbeatIntervalMs,
      max_message_bytes: config.maxMessageBytes,
      token_expires_at: connection.tokenExpiresAt,
      presence: outcome?.presence ?? this.#provisional(connection),
    });
    // Live events wait so that what the client missed can come first. When the store does not say, it
    // is safer to believe that there is something to resume.
    if (outcome?.can_resume ?? true) delivery.holdBriefly(connection);
    else delivery.release(connection);
    connection.open();
  }

  /**
   * Joins presence and begins to follow the user's events: nothing that is sent to somebody who is
   * welcome may be missed. Gives up waiting where either takes too long.
   *
   * @returns what the store said; undefined when that is told later
   */
  #enter(connection: Connection, wheel: TimerWheel): Promise<Outcome | undefined> {
    const { presence, delivery } = this.#options;
    return new Promise((resolve, reject) => {
      let outcome: Outcome | undefined;
      const timer = wheel.schedule(ENTER_PATIENCE_MS, () => resolve(outcome));
      const joined = presence.tracker.join(connection).then((told) => {
        outcome = told;
      }, (error) => {
        if (!(error instanceof StoreUnavailableError)) throw error;
      });
      const attached = delivery.attach(connection, () => this.#sessionLimit.settle(connection));
      Promise.all([joined, attached]).then(() => {
        timer.cancel();
        resolve(outcome);
      }, (error) => {
        timer.cancel();
        reject(error);
      });
    });
  }

  /** How a user looks who is known to be here and of whom nothing else can be found out now. */
  #provisional(connection: Connection): Presence {
    const connectedAt = new Date(connection.connectedAtMs).toISOString();
    return {
      user_id: connection.userId,
      ...(connection.name === undefined ? {} : { name: connection.name }),
      status: "online",
      location: null,
      last_seen: connectedAt,
      session_id: connection.sessionId,
      sessions: this.#options.hub.ofUser(connection.userId).size,
      region: this.#options.config.region,
      // Anything that the store will say is newer.
      version: 0,
    };
  }
}

const CLOSE_CODES: ReadonlySet<number> = new Set(Object.values(CloseCode));

/** Clients may close with any code: those that the contract does not name share one label. */
function boundedCloseCode(code: number): number {
  return CLOSE_CODES.has(code) || code === 1005 ? code : 0;
}
