/**
 * Calls that a gateway must refuse, and how.
 *
 * @module
 */
import { strict as assert } from "node:assert";
import { RpcError } from "../../src/protocol/errors.ts";
import type { GameClient } from "../support/game_client.ts";

/** The error that a call is answered with. */
export async function refusalOf(
  client: GameClient,
  method: string,
  params?: unknown,
): Promise<RpcError> {
  try {
    await client.call(method, params);
  } catch (error) {
    assert.ok(error instanceof RpcError, String(error));
    return error;
  }
  throw new Error(`${method} took ${JSON.stringify(params)}`);
}

/** Checks that params are refused with -32602, and gives the paths of the issues. */
export async function wrongPaths(
  client: GameClient,
  method: string,
  params: unknown,
): Promise<string[]> {
  const { code, data } = await refusalOf(client, method, params);
  assert.equal(code, -32602, `${method} ${JSON.stringify(params)}`);
  const { issues } = data as { issues: { path: (string | number)[]; message: string }[] };
  for (const { path, message } of issues) {
    assert.ok(path.every((part) => typeof part === "string" || Number.isInteger(part)));
    assert.ok(message.length > 0);
  }
  return issues.map(({ path }) => path.join("."));
}
