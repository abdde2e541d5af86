/**
 * What nodes say on the bus of themselves, and of each other.
 *
 * @module
 */
import type { Instance } from "./store.ts";

/** What a heartbeat says. */
export interface Beat {
  readonly node_id: string;
  readonly instance: Instance;
  readonly region: string;
  readonly connections: number;
  /** ISO 8601 UTC with milliseconds. */
  readonly started_at: string;
  /** The node has ended all of its sessions and goes. */
  readonly is_leaving: boolean;
  /** Counts the beats that the process has sent, from 1; absent where it answers. */
  readonly seq?: number;
}

/** A node is dead, and another has ended its sessions: what it did not get said is in the store. */
export interface Obituary {
  readonly instance: Instance;
  /** The id of the node that says so. */
  readonly buried_by: string;
}

/** Reads what came on a node's heartbeat subject; undefined when it has another shape. */
export function parseNews(data: string): Beat | Obituary | undefined {
  try {
    const news = JSON.parse(data) as Partial<Beat & Obituary> | null;
    if (typeof news?.instance !== "string") return undefined;
    if (typeof news.buried_by === "string") return news as Obituary;
    const isBeat = typeof news.node_id === "string" && typeof news.region === "string" &&
      typeof news.connections === "number" && typeof news.started_at === "string" &&
      typeof news.is_leaving === "boolean" && isCount(news.seq);
    return isBeat ? news as Beat : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it may stand where a number is optional. */
function isCount(value: unknown): boolean {
  return value === undefined || typeof value === "number";
}
