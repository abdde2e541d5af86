import type { ScenarioName } from "./options.ts";

/** A client of the run. */
export interface PlannedClient {
  readonly index: number;
  readonly userId: string;
  /** `ws://…/ws` */
  readonly url: string;
  readonly token: string;
}

/** What one thread is to do. */
export interface Plan {
  readonly scenario: ScenarioName;
  /** Sets this run apart from all others on the same gateway. */
  readonly run: string;
  /** Clients of all threads. */
  readonly connections: number;
  readonly clients: readonly PlannedClient[];
  /** Those of this thread who come and go. */
  readonly visitors: readonly PlannedClient[];
  /** Those of all threads. */
  readonly visitorCount: number;
  /** Gateways, `ws://…/ws`. */
  readonly urls: readonly string[];
  readonly isBatching: boolean;
}

/** When a thread is to do it. */
export interface Start {
  /** On the clock of {@linkcode nowMs}. */
  readonly startMs: number;
  /** Messages a second of this thread; in a storm, clients that come a second, 0 for all at once. */
  readonly rate: number;
  readonly durationMs: number;
  /** What is sent so long from the start is not timed. */
  readonly warmupMs: number;
}

/** Clients of one location. */
const GROUP = 10;

/** The user of a client. */
export function userIdOf(run: string, index: number): string {
  return `load_${run}_${index}`;
}

/** Where a client is. */
export function locationOf(run: string, index: number): string {
  return `load:${run}:${Math.floor(index / GROUP)}`;
}

/** How many of all clients are where a client is. */
export function membersAt(connections: number, index: number): number {
  const first = Math.floor(index / GROUP) * GROUP;
  return Math.min(GROUP, connections - first);
}
