import { Crowd } from "./crowd.ts";
import type { Dialect } from "./dialect.ts";
import type { PinnedServer } from "./server.ts";

const WARM_UP = 500;
/** After so long, in ms, what was needed only to connect is given back, as far as it ever is. */
const SETTLE_MS = 3000;

/**
 * Resident bytes for each of many connections that do nothing, once they have been welcomed.
 *
 * @param server a fresh one
 */
export async function idleMemory(
  server: PinnedServer,
  dialect: Dialect,
  tokens: readonly (string | undefined)[],
): Promise<number> {
  const { port } = server;
  Crowd.gather({ port, dialect, tokens: tokens.slice(0, WARM_UP) }).close();
  await settle();
  const before = server.rssBytes;
  const crowd = Crowd.gather({ port, dialect, tokens });
  await settle();
  const after = server.rssBytes;
  crowd.close();
  return (after - before) / tokens.length;
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}
