import { MalformedEntryError } from "../events/entry_codec.ts";
import type { EventBody, EventStream } from "../events/stream.ts";
import type { VerifyToken } from "../gateway/auth.ts";
import type { Connection } from "../gateway/connection.ts";
import type { Delivery } from "../gateway/delivery.ts";
import type { NodeControl } from "../gateway/node_control.ts";
import type { NodePresence } from "../presence/presence.ts";
import { isoNow } from "../iso_clock.ts";
import { ErrorCode, RpcError } from "../protocol/errors.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { PlayerActions } from "./player_methods.ts";
import type { PresenceActions } from "./presence_methods.ts";
import type { SessionActions } from "./session_methods.ts";
import type { SystemActions } from "./system_methods.ts";

/** What the methods act on. */
export interface ActionParts {
  readonly presence: NodePresence;
  readonly delivery: Delivery;
  readonly stream: EventStream;
  readonly verify: VerifyToken;
  readonly control: NodeControl;
  readonly describe: () => JsonObject;
}

/** What the contract's methods do. */
export type Actions = SystemActions & SessionActions & PlayerActions & PresenceActions;

/** Carries out the contract's methods on one node. */
export function createActions(parts: ActionParts): Actions {
  const { presence, delivery, stream, verify, control } = parts;
  const { tracker, feed, snapshots } = presence;
  /** Sessions whose place was taken by a connection that could not be told what it missed. */
  const taken = new WeakMap<Connection, string>();

  /** Takes an earlier session's place; gives what was missed, undefined when that cannot be made up for. */
  async function resumed(
    connection: Connection,
    from: string,
    lastSeq: number,
  ): Promise<number | undefined> {
    if (taken.get(connection) !== from) {
      const { changed } = await tracker.resume(connection.sessionId, from);
      if (!changed) return undefined;
      taken.set(connection, from);
      control.retire(from);
      const state = tracker.state(connection.sessionId);
      if (state !== undefined) delivery.move(connection, state.location);
    }
    const missed = await delivery.catchUp(connection, from, lastSeq);
    taken.delete(connection);
    return missed;
  }

  return {
    verify,
    describe: parts.describe,

    async announce(message, level) {
      const announcement_id = `an_${crypto.randomUUID()}`;
      const sent_at = new Date().toISOString();
      await stream.announce({ announcement_id, level, message, sent_at });
      return announcement_id;
    },

    kick: (userId, reason) => control.kick(userId, reason),

    renew(connection, identity) {
      // It may have ended while the token was verified.
      if (connection.isOver) return;
      connection.renew(identity);
      tracker.renew(connection.sessionId, identity.expiresAtMs);
    },

    async resume(connection, { session_id: from, last_seq }) {
      delivery.hold(connection);
      // Unless it succeeds, the client may ask again: live events must not overtake what it missed.
      connection.afterReply(() => delivery.holdBriefly(connection));
      const missed = await resumed(connection, from, last_seq);
      connection.afterReply(() => delivery.release(connection));
      return { resumed: missed !== undefined, replayed: missed ?? 0 };
    },

    async updatePresence(connection, patch) {
      const updating = tracker.update(connection.sessionId, patch);
      if (patch.location !== undefined) delivery.move(connection, patch.location);
      return (await updating).presence;
    },

    async sendEvent(connection, { to, type, payload, idempotency_key: key }) {
      const eventId = key === undefined
        ? `ev_${crypto.randomUUID()}`
        : await eventIdOf(connection.userId, key);
      const event: EventBody = {
        event_id: eventId,
        from: connection.userId,
        to,
        type,
        payload: payload ?? null,
        sent_at: isoNow(),
      };
      await delivery.sendEvent(event, eventId).catch(refuseMalformed);
      return eventId;
    },

    async get(userIds) {
      return { presences: await snapshots.get(userIds) };
    },

    async list({ location, cursor, limit }) {
      const page = await snapshots.list({
        ...(location === undefined ? {} : { location }),
        ...(cursor === undefined ? {} : { cursor }),
        limit: limit ?? 100,
      });
      return { presences: page.presences, cursor: page.cursor, total: page.total };
    },

    async subscribe(connection, interest) {
      feed.subscribe(connection, interest);
      // What other nodes announce from here on arrives; the snapshot has what came before.
      await feed.settle();
      return await snapshots.of(interest);
    },

    unsubscribe(connection, interest) {
      feed.unsubscribe(connection, interest);
    },
  };
}

/** The same key of the same sender names the same event, whichever node is asked. */
async function eventIdOf(userId: string, key: string): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify([userId, key]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  return `ev_${digest.subarray(0, 16).toHex()}`;
}

/** Of an event from a player only the payload is not checked before it is encoded. */
function refuseMalformed(error: unknown): never {
  if (!(error instanceof MalformedEntryError)) throw error;
  const issues = [{ path: ["payload"], message: error.message }];
  throw new RpcError(ErrorCode.invalidParams, { issues });
}
