import { parseArgs } from "node:util";

/** What `deno task top` was asked for. */
export interface TopOptions {
  /** Addresses of NATS, as a comma list. */
  readonly servers: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  /** How often to look, in ms. */
  readonly intervalMs: number;
  /** Look twice, print the second view and end. */
  readonly once: boolean;
}

/** How to call it. */
export const USAGE = `Who is there: nodes, regions, connections, rates and errors, from NATS.

deno task top [--url nats://host:4222] [--user U] [--interval SECONDS] [--once]

NATS_URL, NATS_USER, NATS_PASSWORD and NATS_TOKEN are read, too. --once prints one view and ends.`;

/**
 * Reads the command line.
 *
 * @param get looks a variable up
 * @throws {TypeError} for what cannot be meant
 */
export function readTopOptions(
  args: readonly string[],
  get: (name: string) => string | undefined,
): TopOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: "string" },
      user: { type: "string" },
      interval: { type: "string", default: "2" },
      once: { type: "boolean", default: false },
    },
  });
  const seconds = Number(values.interval);
  if (!(seconds >= 0.2 && seconds <= 3600)) {
    throw new TypeError("--interval must be a number of seconds from 0.2 to 3600");
  }
  return {
    servers: values.url ?? (get("NATS_URL") || "nats://127.0.0.1:4222"),
    user: values.user ?? (get("NATS_USER") || undefined),
    password: get("NATS_PASSWORD") || undefined,
    token: get("NATS_TOKEN") || undefined,
    intervalMs: seconds * 1000,
    once: values.once,
  };
}
