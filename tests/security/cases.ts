/**
 * The hostile cases, by the names that they have in the table of figures (docs/security_figures.md),
 * and what one run of a case is remembered by.
 *
 * @module
 */
import process from "node:process";
import type { BystanderReport } from "./bystander.ts";
import type { EngineName } from "./engines.ts";

/** In the order of the table. */
export const CASES = {
  origins: "pages of other sites",
  tokens: "doctored tokens",
  refusals: "sockets opened only to be refused",
  junk: "header and URL junk",
  handshakes: "handshakes that never finish",
  oversize: "messages too large",
  announced: "frames that announce 1 GiB, 8 EiB",
  fragments: "100 MiB of fragments that never end",
  sendingOn: "sending on after the 1009",
  pieces: "a message in thousands of pieces",
  giant: "one text of 600 MiB",
  filling: "fragments that fill the memory",
  deep: "deep JSON",
  bombs: "batch bombs",
  breaches: "breaches of the WebSocket protocol",
  pings: "a flood of 100,000 pings",
  neverReads: "events for a client that never reads",
  asksOnly: "a client that asks and never reads",
  silent: "a peer that answers no ping",
  vanished: "a peer that vanished under a backlog",
  flood: "a flood of calls",
  endlessFlood: "a flood of calls that does not stop",
  storm: "connects and drops",
  watching: "watching without end",
  ids: "user ids that mean something to NATS and Redis",
  locations: "locations that do",
  methods: "method names that do",
  logs: "log injection",
  pollution: "prototype pollution",
  fuzzedMessages: "random messages",
  fuzzedSockets: "random frames and handshakes",
} as const;

/** One of {@linkcode CASES}. */
export type CaseName = keyof typeof CASES;

/** One case on one engine. */
export interface CaseReport {
  readonly name: CaseName;
  readonly engine: EngineName;
  /** What became of the attack. */
  readonly outcome: string;
  readonly bystander: BystanderReport;
}

/** Where reports are gathered; undefined when nobody gathers them. */
const file = process.env["WAYGATE_SECURITY_REPORTS"];

/** Remembers a report, where somebody gathers them. */
export async function gather(report: CaseReport): Promise<void> {
  if (file === undefined) return;
  await Deno.writeTextFile(file, `${JSON.stringify(report)}\n`, { append: true });
}
