import type { NatsConnection } from "@nats-io/nats-core";
import { z } from "zod";

/** What a node says of itself when it is asked. */
export interface NodeReport {
  readonly nodeId: string;
  readonly region: string;
  readonly version: string;
  /** ISO 8601 */
  readonly startedAt: string;
  readonly connections: number;
  /** Counts since its start. */
  readonly received: number;
  readonly sent: number;
  readonly errors: number;
  readonly memoryBytes: number;
}

/** Nodes in every region have so long to answer, in ms. */
const ANSWER_MS = 700;
/** The service's name, which every node registers. */
const SUBJECT = "$SRV.STATS.waygate";

const Count = z.number().default(0);

const Stats = z.object({
  version: z.string(),
  started: z.string(),
  metadata: z.object({ node_id: z.string(), region: z.string() }),
  endpoints: z.array(z.object({
    name: z.string(),
    data: z.object({
      connections: Count,
      messages_received: Count,
      messages_sent: Count,
      errors: Count,
      memory_bytes: Count,
    }).optional(),
  })),
}).transform(({ version, started, metadata, endpoints }): NodeReport => {
  const data = endpoints.find(({ name }) => name === "nodes")?.data;
  return {
    nodeId: metadata.node_id,
    region: metadata.region,
    version,
    startedAt: started,
    connections: data?.connections ?? 0,
    received: data?.messages_received ?? 0,
    sent: data?.messages_sent ?? 0,
    errors: data?.errors ?? 0,
    memoryBytes: data?.memory_bytes ?? 0,
  };
});

/** Asks every node, and gives what came back in time, by region and id. What cannot be read is left out. */
export async function askNodes(connection: NatsConnection): Promise<NodeReport[]> {
  const reports: NodeReport[] = [];
  const replies = await connection.requestMany(SUBJECT, "", {
    strategy: "timer",
    maxWait: ANSWER_MS,
  });
  for await (const reply of replies) {
    const parsed = Stats.safeParse(parseJson(reply.string()));
    if (parsed.success) reports.push(parsed.data);
  }
  const key = ({ region, nodeId }: NodeReport) => `${region}\n${nodeId}`;
  return reports.toSorted((a, b) => key(a) < key(b) ? -1 : 1);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
