/**
 * `presence.updated`, as watchers are sent it and as it travels between nodes.
 *
 * @module
 */
import type { Presence } from "../protocol/presence.ts";
import { PresenceUpdatedSchema } from "../protocol/schemas.ts";

/** The notification of these presences, each already JSON. */
export function encodeUpdate(presences: readonly string[]): string {
  return `{"jsonrpc":"2.0","method":"presence.updated","params":{"presences":[${
    presences.join(",")
  }]}}`;
}

/** Reads what another node or service published; undefined when it does not have the contract's shape. */
export function parseUpdate(data: string): readonly Presence[] | undefined {
  try {
    const result = PresenceUpdatedSchema.safeParse(JSON.parse(data));
    return result.success ? result.data.presences : undefined;
  } catch {
    return undefined;
  }
}
