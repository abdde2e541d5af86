/**
 * `deno task top`: the nodes of a deployment in a terminal, again and again, until Ctrl-C.
 *
 * @module
 */
import { connectNatsBus } from "../../src/bus/bus_nats.ts";
import { askNodes } from "./node_report.ts";
import { readTopOptions, USAGE } from "./options.ts";
import { type Look, renderView } from "./view.ts";

const VARIABLES = ["NATS_URL", "NATS_USER", "NATS_PASSWORD", "NATS_TOKEN"];
/** Longest wait for NATS at the start, in ms. */
const CONNECT_LIMIT_MS = 5000;
/** Back to the corner; what is left of the longer view before is wiped line by line. */
const HOME = "\x1b[H";
const WIPE_LINE = "\x1b[K";
const WIPE_REST = "\x1b[J";

/** @returns the exit status */
async function run(): Promise<number> {
  const options = readTopOptions(
    Deno.args,
    (name) => VARIABLES.includes(name) ? Deno.env.get(name) : undefined,
  );
  const { servers, user, password, token, intervalMs, once } = options;
  const bus = connectNatsBus({
    servers,
    name: "waygate top",
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
  });
  const connection = await within(CONNECT_LIMIT_MS, bus.connection());
  if (connection === undefined) {
    console.error("Cannot reach NATS: check --url, NATS_USER and NATS_PASSWORD");
    return 1;
  }
  let before: Look | undefined;
  for (let looks = 1;; looks++) {
    const look = { atMs: performance.now(), wallMs: Date.now(), nodes: await askNodes(connection) };
    const lines = renderView(look, before);
    before = look;
    if (!once) console.log(HOME + lines.map((line) => line + WIPE_LINE).join("\n") + WIPE_REST);
    if (once && looks === 2) {
      console.log(lines.join("\n"));
      break;
    }
    const restMs = intervalMs - (performance.now() - look.atMs);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, restMs)));
  }
  await bus.close();
  return 0;
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T | undefined> {
  const limit = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => limit.resolve(undefined), limitMs);
  const result = await Promise.race([work, limit.promise]);
  clearTimeout(timer);
  return result;
}

try {
  Deno.exit(await run());
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  console.error(USAGE);
  Deno.exit(1);
}
