import type { Connection } from "../gateway/connection.ts";
import type { Method, MethodTable } from "../gateway/method.ts";
import type * as m from "../protocol/methods.ts";
import * as schemas from "../protocol/schemas.ts";

/** What the presence methods need done. */
export interface PresenceActions {
  get(userIds: readonly string[]): Promise<m.PresencesResult>;
  list(params: m.PresenceListParams): Promise<m.PresenceListResult>;
  subscribe(connection: Connection, interest: m.PresenceInterestParams): Promise<m.PresencesResult>;
  unsubscribe(connection: Connection, interest: m.PresenceInterestParams): void;
}

/** `presence.*`. */
export function presenceMethods(actions: PresenceActions) {
  const get: Method<m.PresenceGetParams, m.PresencesResult, Connection> = {
    summary: "Presence of the users asked for, in that order",
    params: schemas.PresenceGetParams,
    result: schemas.PresencesResult,
    handler: ({ user_ids }) => actions.get(user_ids),
  };
  const list: Method<m.PresenceListParams, m.PresenceListResult, Connection> = {
    summary: "Online users, page by page",
    params: schemas.PresenceListParams,
    result: schemas.PresenceListResult,
    handler: (params) => actions.list(params),
  };
  const subscribe: Method<m.PresenceInterestParams, m.PresencesResult, Connection> = {
    summary: "Watches users, locations or everyone: a snapshot now, updates from then on",
    params: schemas.PresenceInterestParams,
    result: schemas.PresencesResult,
    handler: (interest, connection) => actions.subscribe(connection, interest),
  };
  const unsubscribe: Method<m.PresenceInterestParams, m.Empty, Connection> = {
    summary: "Stops watching",
    params: schemas.PresenceInterestParams,
    result: schemas.EmptySchema,
    handler(interest, connection) {
      actions.unsubscribe(connection, interest);
      return {};
    },
  };
  return {
    "presence.get": get,
    "presence.list": list,
    "presence.subscribe": subscribe,
    "presence.unsubscribe": unsubscribe,
  } satisfies MethodTable;
}
