/**
 * Upgrades that a gateway must refuse.
 *
 * @module
 */
import { strict as assert } from "node:assert";
import { type ConnectOptions, HandshakeError, open } from "../support/game_client.ts";

/** How an upgrade was refused. */
export interface Refusal {
  readonly status: number;
  readonly headers: Headers;
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** The refusal of an upgrade; checks the shape that every HTTP error has. */
export async function refusal(
  { wsUrl }: { readonly wsUrl: string },
  options: ConnectOptions = {},
): Promise<Refusal> {
  const error = await handshakeError(wsUrl, options);
  assert.equal(error.headers.get("content-type"), "application/json");
  const body = JSON.parse(error.body);
  assert.deepEqual(Object.keys(body), ["error"]);
  assert.equal(typeof body.error.message, "string");
  return { status: error.status, headers: error.headers, ...body.error };
}

async function handshakeError(wsUrl: string, options: ConnectOptions): Promise<HandshakeError> {
  try {
    await (await open(wsUrl, options)).close();
  } catch (error) {
    if (error instanceof HandshakeError) return error;
    throw error;
  }
  throw new Error("The upgrade was not refused");
}
