import { EncodedOnce } from "../encoded_once.ts";
import { defineMethod, type MethodTable } from "../gateway/method.ts";
import { isoNow } from "../iso_clock.ts";
import type { JsonObject } from "../protocol/json.ts";
import * as schemas from "../protocol/schemas.ts";

/** The answer to all pings of one millisecond. */
class ServerTime extends EncodedOnce {
  readonly server_time: string;

  constructor(serverTime: string) {
    super();
    this.server_time = serverTime;
  }

  /** Requests have ids of their own: to look for the last answer again would find it rarely. */
  override within(before: string, after: string): string {
    return before + this.json + after;
  }
}

let latest = new ServerTime(isoNow());

function timeNow(): ServerTime {
  const serverTime = isoNow();
  if (latest.server_time !== serverTime) latest = new ServerTime(serverTime);
  return latest;
}

/** What the system methods need done. */
export interface SystemActions {
  /** The OpenRPC document. */
  describe(): JsonObject;
  announce(message: string, level: "info" | "warning" | "critical"): Promise<string>;
  /** Closes a user's sessions on every node; gives how many. */
  kick(userId: string, reason: string | undefined): Promise<number>;
}

/** `system.*` and `rpc.discover`. */
export function systemMethods(actions: SystemActions) {
  return {
    "system.ping": defineMethod({
      summary: "Answers with the server's time, and echoes params that are not empty",
      params: schemas.PingParams,
      result: schemas.PingResult,
      handler(params) {
        const isEmpty = Object.keys(params).length === 0;
        return isEmpty ? timeNow() : { server_time: isoNow(), echo: params };
      },
    }),
    "rpc.discover": defineMethod({
      summary: "The OpenRPC document of this gateway",
      params: schemas.EmptySchema,
      result: schemas.DiscoverResult,
      handler: () => actions.describe(),
    }),
    "system.announce": defineMethod({
      summary: "Announces something to every player",
      scope: "admin",
      params: schemas.AnnounceParams,
      result: schemas.AnnounceResult,
      async handler({ message, level }) {
        return { announcement_id: await actions.announce(message, level ?? "info") };
      },
    }),
    "system.kick": defineMethod({
      summary: "Closes every session of a user, on all nodes",
      scope: "admin",
      params: schemas.KickParams,
      result: schemas.KickResult,
      async handler({ user_id, reason }) {
        return { sessions: await actions.kick(user_id, reason) };
      },
    }),
  } satisfies MethodTable;
}
