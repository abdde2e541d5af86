import type { Connection } from "../gateway/connection.ts";
import type { Method, MethodTable } from "../gateway/method.ts";
import type * as m from "../protocol/methods.ts";
import type { Presence } from "../protocol/presence.ts";
import * as schemas from "../protocol/schemas.ts";

/** What the player methods need done. */
export interface PlayerActions {
  updatePresence(connection: Connection, patch: m.UpdatePresenceParams): Promise<Presence>;
  /** Gives the event's id. */
  sendEvent(connection: Connection, event: m.SendEventParams): Promise<string>;
}

/** `player.*`. */
export function playerMethods(actions: PlayerActions) {
  const updatePresence: Method<m.UpdatePresenceParams, Presence, Connection> = {
    summary: "Says how and where the player is",
    params: schemas.UpdatePresenceParams,
    result: schemas.PresenceSchema,
    handler: (patch, connection) => actions.updatePresence(connection, patch),
  };
  const updateStatus: Method<m.UpdateStatusParams, Presence, Connection> = {
    summary: "Says how the player is",
    params: schemas.UpdateStatusParams,
    result: schemas.PresenceSchema,
    handler: ({ status }, connection) => actions.updatePresence(connection, { status }),
  };
  const updateLocation: Method<m.UpdateLocationParams, Presence, Connection> = {
    summary: "Says where the player is",
    params: schemas.UpdateLocationParams,
    result: schemas.PresenceSchema,
    handler: ({ location }, connection) => actions.updatePresence(connection, { location }),
  };
  const sendEvent: Method<m.SendEventParams, m.SendEventResult, Connection> = {
    summary: "Sends an event to a user or to everyone at a location",
    params: schemas.SendEventParams,
    result: schemas.SendEventResult,
    async handler(event, connection) {
      return { event_id: await actions.sendEvent(connection, event) };
    },
  };
  return {
    "player.updatePresence": updatePresence,
    "player.updateStatus": updateStatus,
    "player.updateLocation": updateLocation,
    "player.sendEvent": sendEvent,
  } satisfies MethodTable;
}
