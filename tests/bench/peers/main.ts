/**
 * `deno task bench:peers`: the same work on Waygate, on what a studio would pick instead, and on the bare
 * runtime; interleaved, servers on one core and the loader on another, so that ratios hold where
 * absolute numbers do not. Linux only; see docs/performance.md.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { ConnectWork } from "./connects.ts";
import { BASELINE, checkedOut, type Contender, CONTENDERS, startServer } from "./contenders.ts";
import { FanOutWork } from "./fan_out.ts";
import { idleMemory } from "./idle_memory.ts";
import { onDeno, onNode, type PeerRuntime } from "./peer_runtime.ts";
import { PingWork } from "./ping.ts";
import { tokensOf } from "./players.ts";
import { compare, type Line, printComparison, printMemory } from "./report.ts";
import type { Sample } from "./sample.ts";
import type { PinnedServer } from "./server.ts";

const USAGE = `Usage: deno task bench:peers [--work ping,fan-out,connects,memory] [--only NAME,…]
  [--rounds 5] [--seconds 1] [--runtime node|deno] [--json FILE] [--checkout NAME=DIRECTORY]…

--only takes names as the tables have them. --checkout adds another state of Waygate's sources to the
contenders, for example one made by: git archive COMMIT | tar x -C DIRECTORY`;

const IDLE_CONNECTIONS = 2000;
/** So many that nobody comes back at once: a player who was here a moment ago costs more, or less. */
const PLAYERS = 20_000;
const WARM_UP_MS = 1000;
/** A connect or an event runs through much code, and often enough for V8 to compile it only after a while. */
const LONG_WARM_UP_MS = 4000;

const { values } = parseArgs({
  options: {
    work: { type: "string", default: "ping,fan-out,connects,memory" },
    only: { type: "string" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
    runtime: { type: "string", default: "node" },
    json: { type: "string" },
    checkout: { type: "string", multiple: true, default: [] },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  Deno.exit(0);
}
const rounds = Number(values.rounds);
const sliceMs = Number(values.seconds) * 1000;
const works = values.work.split(",");
const chosen = new Set(values.only?.toLowerCase().split(","));
const checkouts = values.checkout.map((pair) => pair.split("=", 2) as [string, string]);
const known = [...CONTENDERS, ...checkouts.flatMap((checkout) => checkedOut(...checkout))];
const contenders = known.filter(({ name }) =>
  name === BASELINE || values.only === undefined || chosen.has(name.toLowerCase())
);
const runtime: PeerRuntime = values.runtime === "node" ? await onNode() : onDeno;
const tokens = await tokensOf(PLAYERS);
const results: Record<string, Line[] | Record<string, number>> = {};

/** Something that is measured again and again on one server. */
interface Work {
  close(): void;
}

function credentials({ needsToken }: Contender, count: number): (string | undefined)[] {
  return tokens.slice(0, count).map((token) => needsToken ? token : undefined);
}

/** Says whose failure it was. */
function named<T>(contender: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`${contender} failed`, { cause: error });
  }
}

/**
 * Measures every contender in each way, in turn and several times over.
 *
 * @param ways what to call the ways, and how each is measured on a contender's work
 */
async function interleave<W extends Work>(
  begin: (contender: Contender, server: PinnedServer) => W,
  ways: Readonly<Record<string, (work: W, durationMs: number) => Sample>>,
  warmUpMs: number = WARM_UP_MS,
): Promise<void> {
  const entrants: { name: string; server: PinnedServer; work: W }[] = [];
  try {
    for (const contender of contenders) {
      const server = await startServer(contender, runtime);
      const work = named(contender.name, () => begin(contender, server));
      entrants.push({ name: contender.name, server, work });
    }
    for (const [title, measure] of Object.entries(ways)) {
      const series = entrants.map(({ name }) => ({ contender: name, samples: [] as Sample[] }));
      for (const { name, work } of entrants) named(name, () => measure(work, warmUpMs));
      for (let round = 0; round < rounds; round++) {
        entrants.forEach(({ name, work }, index) => {
          series[index]?.samples.push(named(name, () => measure(work, sliceMs)));
        });
      }
      results[title] = compare(series);
      printComparison(title, results[title]);
    }
  } finally {
    for (const { server, work } of entrants) {
      work.close();
      await server[Symbol.asyncDispose]();
    }
  }
}

console.log(`Load average before: ${Deno.loadavg().map((load) => load.toFixed(2)).join(" ")}`);
if (works.includes("ping")) {
  await interleave(
    (contender, server) => new PingWork(server, contender.dialect, credentials(contender, 100)),
    {
      "Ping, 100 connections, 1 outstanding": (work, ms) => work.run(1, ms),
      "Ping, 100 connections, 8 outstanding": (work, ms) => work.run(8, ms),
    },
  );
}
for (const receivers of works.includes("fan-out") ? [1000, 100] : []) {
  await interleave(
    (contender, server) =>
      new FanOutWork(server, contender.dialect, credentials(contender, receivers)),
    {
      [`Fan-out to ${receivers}, 1 in flight`]: (work, ms) => work.run({ inFlight: 1 }, ms),
      [`Fan-out to ${receivers}, 4 in flight`]: (work, ms) => work.run({ inFlight: 4 }, ms),
      [`Fan-out to ${receivers}, 4 at once`]: (work, ms) => work.run({ atOnce: 4 }, ms),
    },
    LONG_WARM_UP_MS,
  );
}
if (works.includes("connects")) {
  await interleave(
    (contender, server) => new ConnectWork(server, contender.dialect, tokens),
    { "Connects with a verified token": (work, ms) => work.run(ms) },
    LONG_WARM_UP_MS,
  );
}
if (works.includes("memory")) {
  const servers: PinnedServer[] = [];
  try {
    for (const contender of contenders) servers.push(await startServer(contender, runtime));
    const each = await idleMemory(servers.map((server, index) => {
      const contender = contenders[index] as Contender;
      return {
        server,
        dialect: contender.dialect,
        tokens: credentials(contender, IDLE_CONNECTIONS),
      };
    }));
    const memory = new Map(contenders.map(({ name }, index) => [name, each[index] ?? NaN]));
    results["Memory of an idle connection"] = Object.fromEntries(memory);
    printMemory(memory);
  } finally {
    for (const server of servers) await server[Symbol.asyncDispose]();
  }
}
console.log(`\nLoad average after: ${Deno.loadavg().map((load) => load.toFixed(2)).join(" ")}`);
if (values.json !== undefined) {
  await Deno.writeTextFile(values.json, JSON.stringify(results, null, 2));
}
