import { ErrorCode, RpcError } from "../../src/protocol/errors.ts";
import type { SendEventResult } from "../../src/protocol/methods.ts";
import type { GameClient } from "../support/game_client.ts";
import { PATIENCE_MS } from "./nodes.ts";

/** What a sender is told to try again after. */
const PASSING: readonly number[] = [ErrorCode.unavailable, ErrorCode.rateLimited];
const RETRY_PAUSE_MS = 50;
const MAX_RETRIES = 200;

/** What {@linkcode sendAtRate} may be told. */
export interface Load {
  readonly userId: string;
  readonly count: number;
  readonly perSecond: number;
  /** Called when so many were sent, answered or not. */
  readonly onSent?: (count: number) => void;
}

/** What came of a load. */
export interface Sent {
  /** Ids of the events, in the order of sending. */
  readonly eventIds: readonly string[];
  /** How often the sender was told to try again. */
  readonly retries: number;
}

/**
 * Sends events at a rate, whatever the answers are, each under a key of its own and again with the same
 * key when told to try again. The payload is the event's number, from 0.
 *
 * @throws {RpcError} an error that is not one of those
 */
export async function sendAtRate(client: GameClient, load: Load): Promise<Sent> {
  const { userId, count, perSecond, onSent } = load;
  const sending: Promise<string>[] = [];
  let retries = 0;
  const sendOne = (payload: number): Promise<string> => {
    const idempotency_key = `${client.sessionId}:${payload}`;
    const event = { to: { user_id: userId }, type: "tick", payload, idempotency_key };
    return sendEvent(client, event, () => retries++);
  };
  const startedAt = performance.now();
  while (sending.length < count) {
    const due = Math.ceil((performance.now() - startedAt) * perSecond / 1000);
    while (sending.length < Math.min(due, count)) sending.push(sendOne(sending.length));
    onSent?.(sending.length);
    await pause(5);
  }
  return { eventIds: await Promise.all(sending), retries };
}

/** Sends one event, again when told so; gives its id. */
export async function sendEvent(
  client: GameClient,
  event: Readonly<Record<string, unknown>>,
  onRetry: () => void = () => {},
): Promise<string> {
  for (let retry = 0;; retry++) {
    try {
      const result = await client.call<SendEventResult>("player.sendEvent", event, PATIENCE_MS);
      return result.event_id;
    } catch (error) {
      const isPassing = error instanceof RpcError && PASSING.includes(error.code);
      if (!isPassing || retry === MAX_RETRIES) throw error;
      onRetry();
      await pause(RETRY_PAUSE_MS);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
