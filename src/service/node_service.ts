import type { Bus } from "../bus/bus.ts";
import type { Subjects } from "../bus/subjects.ts";
import type { Config } from "../config.ts";
import { type ReportFailure, wireError } from "../gateway/failure.ts";
import type { Hub } from "../gateway/hub.ts";
import type { Actions } from "../methods/actions.ts";
import type { NodePresence } from "../presence/presence.ts";
import type { Counters } from "../telemetry/counters.ts";
import { VERSION } from "../version.ts";
import { type NodeInfo, serveGateway } from "./gateway_service.ts";
import type { MicroService } from "./micro.ts";

/** What {@linkcode serveNode} works with. */
export interface NodeServiceOptions {
  readonly config: Pick<Config, "nodeId" | "region">;
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly actions: Actions;
  readonly presence: NodePresence;
  readonly hub: Hub;
  readonly counters: Counters;
  readonly report: ReportFailure;
}

/** Lets other services ask this node for what its clients may ask, and which nodes there are. */
export function serveNode(options: NodeServiceOptions): MicroService {
  const { config, bus, subjects, actions, presence, hub, counters, report } = options;
  return serveGateway({
    bus,
    subjects,
    version: VERSION,
    nodeId: config.nodeId,
    region: config.region,
    toError: (error) => wireError(error, report),
    stats: () => ({
      connections: hub.size,
      sessions: presence.tracker.size,
      messages_received: counters.messagesReceived,
      messages_sent: counters.messagesSent,
      errors: totalOf(counters.errors.entries()),
      memory_bytes: Deno.memoryUsage().rss,
    }),
    handlers: {
      get: ({ user_ids: userIds }) => actions.get(userIds),
      list: (params) => actions.list(params),
      announce: async ({ message, level }) => ({
        announcement_id: await actions.announce(message, level ?? "info"),
      }),
      kick: async ({ user_id: userId, reason }) => ({
        sessions: await actions.kick(userId, reason),
      }),
      nodes: () => ({ nodes: livingNodes(presence) }),
    },
  });
}

function livingNodes(presence: NodePresence): NodeInfo[] {
  return presence.nodes.map(({ node_id, region, connections, started_at }) => ({
    node_id,
    region,
    connections,
    started_at,
  }));
}

function totalOf(counts: Iterable<[unknown, number]>): number {
  let total = 0;
  for (const [, count] of counts) total += count;
  return total;
}
