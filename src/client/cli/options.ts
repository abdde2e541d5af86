import { parseArgs } from "node:util";

/** What the terminal client was asked for. */
export interface CliOptions {
  /** The gateway's `/ws`, as `ws:` or `wss:`. */
  readonly url: URL;
  /** Undefined: ask the gateway for a development token. */
  readonly token: string | undefined;
  /** User id that a development token is asked for. */
  readonly user: string;
  /** Scopes that a development token is asked for. */
  readonly scope: string | undefined;
  /** One JSON object a line instead of text for people. */
  readonly json: boolean;
  /** Stay after the end of the input. */
  readonly watch: boolean;
}

/** The command line is wrong; the message is all there is to say. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** How to call it. */
export const USAGE = `A terminal client: calls methods, shows notifications.

deno task client [--url URL] [--token TOKEN] [--user ID] [--scope SCOPES] [--json] [--watch]

  --url URL      the gateway, ws://localhost:8090/ws when not given
  --token TOKEN  a JWT; also read from WAYGATE_TOKEN. Without one, a gateway in development mode is
                 asked for a token of the user --user with the scopes --scope
  --json         one JSON object a line, for scripts
  --watch        stay after the end of the input, until Ctrl-C or the gateway ends it

Then a line is a method and its params:

  player.updateStatus {"status": "away"}
  presence.list

help lists the methods, quit or Ctrl-D ends it, Tab completes. Exit status: 0, 1 when a call
failed, 2 when there was no connection.`;

const OPTIONS = {
  url: { type: "string", default: "ws://localhost:8090/ws" },
  token: { type: "string" },
  user: { type: "string" },
  scope: { type: "string" },
  json: { type: "boolean", default: false },
  watch: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/**
 * Reads a command line.
 *
 * @param tokenVariable the value of `WAYGATE_TOKEN`
 * @throws {UsageError}
 */
export function readOptions(
  args: readonly string[],
  tokenVariable: string | undefined,
): CliOptions | "help" {
  const { url, token = tokenVariable, user = newUser(), scope, json, watch, help } = parse(args);
  if (help) return "help";
  return { url: socketUrl(url), token, user, scope, json, watch };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  }
}

/** The address with scheme and path as a WebSocket wants them: people write the gateway's. */
function socketUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^(ws|http)s?:$/.test(url.protocol)) {
    throw new UsageError(`--url ${text} is not an address: give one like ws://localhost:8090/ws`);
  }
  url.protocol = url.protocol.replace("http", "ws");
  if (url.pathname === "/") url.pathname = "/ws";
  return url;
}

function newUser(): string {
  return `terminal-${crypto.randomUUID().slice(0, 8)}`;
}
