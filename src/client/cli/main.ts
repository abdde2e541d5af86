/**
 * A terminal client: `deno task client`. Connects, calls the methods that it is given line by line,
 * and shows what the gateway says.
 *
 * @module
 */
import { WaygateClient } from "../client.ts";
import { Caller } from "./caller.ts";
import { fetchDevelopmentToken, NoTokenError } from "./development_token.ts";
import { standardInput } from "./line_source.ts";
import { type CliOptions, readOptions, USAGE, UsageError } from "./options.ts";
import { jsonPrinter, prettyPrinter, type Printer } from "./printer.ts";

/** How long the first connection may take, in ms: a person, or a script, is waiting. */
const CONNECT_LIMIT_MS = 10_000;

const NOTIFICATIONS = [
  "system.announcement",
  "system.token_expiring",
  "system.shutdown",
  "presence.updated",
  "player.event",
] as const;

async function makeClient({ url, token, user, scope }: CliOptions): Promise<WaygateClient> {
  if (token !== undefined) return new WaygateClient({ url, token });
  const fetchToken = (signal: AbortSignal): Promise<string> => {
    return fetchDevelopmentToken(url, user, scope, signal);
  };
  // Fetched before connecting, since trying again would not help a gateway that gives out none.
  let first: string | null = await fetchToken(AbortSignal.timeout(CONNECT_LIMIT_MS));
  return new WaygateClient({
    url,
    token({ signal }) {
      const token = first ?? fetchToken(signal);
      first = null;
      return token;
    },
  });
}

function show(client: WaygateClient, printer: Printer): void {
  client.on("state", ({ state, reason }) => printer.state(state, reason));
  client.on("system.welcome", (welcome) => printer.welcome(welcome));
  client.on("gap", () => printer.text(["Some events were missed and are lost"]));
  client.on("error", (error) => printer.failure({ line: null, method: null }, error));
  client.on("notification", ({ method, params }) => printer.notification(method, params));
  for (const name of NOTIFICATIONS) {
    client.on(name, (params) => printer.notification(name, params));
  }
}

/** Resolves with Ctrl-C, or when the connection has ended for good. */
function untilOver(client: WaygateClient): Promise<void> {
  return new Promise((resolve) => {
    Deno.addSignalListener("SIGINT", resolve);
    client.on("state", ({ state }) => {
      if (state === "closed") resolve();
    });
  });
}

/** @returns the exit status */
async function run(options: CliOptions): Promise<number> {
  const { json, watch } = options;
  const isTerminal = !json && Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
  const client = await makeClient(options);
  const source = standardInput(isTerminal, () => caller.methods);
  const printer = json
    ? jsonPrinter(source.write)
    : prettyPrinter(source.write, Deno.stdout.isTerminal() && !Deno.noColor);
  const caller = new Caller(client, printer);
  show(client, printer);
  let connected = false;
  client.on("state", ({ state }) => {
    connected ||= state === "connected";
    if (state === "closed") source.close();
  });
  try {
    await client.connect({ signal: AbortSignal.timeout(CONNECT_LIMIT_MS) });
    await caller.discover();
    source.prompt();
    for await (const line of source.lines) {
      if (client.state === "closed" || !caller.take(line)) break;
      source.prompt();
    }
    await caller.idle();
    if (watch && client.state !== "closed") await untilOver(client);
  } catch (error) {
    if (connected) throw error;
    source.close();
    return 2;
  }
  const lost = client.state === "closed";
  await client.disconnect();
  source.close();
  return lost ? 2 : caller.failures > 0 ? 1 : 0;
}

try {
  const options = readOptions(Deno.args, Deno.env.get("WAYGATE_TOKEN"));
  if (options === "help") console.log(USAGE);
  else Deno.exit(await run(options));
} catch (error) {
  if (!(error instanceof UsageError || error instanceof NoTokenError)) throw error;
  console.error(error.message);
  Deno.exit(2);
}
