/**
 * Ports for test servers.
 *
 * @module
 */

/**
 * Below the range that systems take outgoing connections' ports from. A port from inside it can be
 * lost while its server is down, even to a client's own attempt to reconnect to it.
 */
const LOWEST = 12_000;
const HIGHEST = 32_000;

/** A random port on which nobody listens at this moment. */
export function freePort(): number {
  for (let tries = 0; tries < 200; tries++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error(`Found no free port between ${LOWEST} and ${HIGHEST}`);
}

/**
 * Runs `start` with a free port, and again with another one when it fails: somebody else may have
 * taken the port in between.
 */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let triesLeft = 2;; triesLeft--) {
    try {
      return await start(freePort());
    } catch (error) {
      if (triesLeft === 0 || !/in use/i.test(String(error))) throw error;
    }
  }
}
