import { Crowd } from "./crowd.ts";
import type { Dialect } from "./dialect.ts";
import type { PinnedServer } from "./server.ts";

const WARM_UP = 500;
/**
 * After so long, in ms, what was needed only to connect is given back, as far as it ever is: V8 waits
 * some seconds for more work before it collects what the last work has left.
 */
const SETTLE_MS = 20_000;

/** A server, fresh, and who will be connected to it. */
export interface IdleServer {
  readonly server: PinnedServer;
  readonly dialect: Dialect;
  readonly tokens: readonly (string | undefined)[];
}

/**
 * Resident bytes for each of many connections that do nothing, once they have been welcomed; of all
 * servers over the same time.
 */
export async function idleMemory(servers: readonly IdleServer[]): Promise<number[]> {
  for (const idle of servers) gather(idle, WARM_UP).close();
  await settle();
  const before = servers.map(({ server }) => server.rssBytes);
  const crowds = servers.map((idle) => gather(idle, idle.tokens.length));
  await settle();
  const after = servers.map(({ server }) => server.rssBytes);
  for (const crowd of crowds) crowd.close();
  return servers.map(({ tokens }, index) =>
    ((after[index] ?? NaN) - (before[index] ?? NaN)) / tokens.length
  );
}

function gather({ server, dialect, tokens }: IdleServer, count: number): Crowd {
  return Crowd.gather({ port: server.port, dialect, tokens: tokens.slice(0, count) });
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}
