/** Nodes that answer as a micro service on a real NATS server, and a client that asks them. */
import assert from "node:assert/strict";
import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { connectNatsBus } from "../../src/bus/bus_nats.ts";
import { createSubjects } from "../../src/bus/subjects.ts";
import { ErrorCode, RpcError } from "../../src/protocol/errors.ts";
import type { Json } from "../../src/protocol/json.ts";
import {
  type GatewayServiceHandlers,
  type NodeInfo,
  serveGateway,
} from "../../src/service/gateway_service.ts";
import { sharedBackends, uniquePrefix } from "../support/backends.ts";
import { until } from "../support/wait.ts";

const { natsUrl } = await sharedBackends();

export const NODE: NodeInfo = {
  node_id: "eu-1",
  region: "eu",
  connections: 7,
  started_at: "2026-01-02T03:04:05.678Z",
};

export interface Place extends AsyncDisposable {
  readonly client: NatsConnection;
  readonly prefix: string;
  readonly ids: readonly string[];
  /** What the handlers were called with. */
  readonly calls: [string, unknown][];
  ask(endpoint: string, request?: Json | string): Promise<Msg>;
}

/** Some nodes' services under one prefix, and a client. */
export async function openPlace(
  change: Partial<GatewayServiceHandlers> = {},
  nodes = 1,
): Promise<Place> {
  const prefix = uniquePrefix();
  const calls: [string, unknown][] = [];
  const handlers: GatewayServiceHandlers = {
    get: (params) => (calls.push(["get", params]), Promise.resolve({ presences: [] })),
    list: (params) => (
      calls.push(["list", params]), Promise.resolve({ presences: [], cursor: null, total: 3 })
    ),
    announce: (params) => (
      calls.push(["announce", params]), Promise.resolve({ announcement_id: "an_1" })
    ),
    kick: (params) => (calls.push(["kick", params]), Promise.resolve({ sessions: 2 })),
    nodes: () => ({ nodes: [NODE] }),
    ...change,
  };
  const buses = Array.from(
    { length: nodes + 1 },
    () => connectNatsBus({ servers: natsUrl, name: "test" }),
  );
  const client = await buses[nodes]?.connection();
  assert.ok(client);
  const services = buses.slice(0, nodes).map((bus, index) =>
    serveGateway({
      bus,
      subjects: createSubjects(prefix),
      version: "1.2.3",
      nodeId: `${prefix}-${index}`,
      region: "eu",
      handlers,
      toError: (error) =>
        error instanceof RpcError ? error : new RpcError(ErrorCode.internal, { request_id: "r" }),
      stats: () => ({ connections: 7 }),
    })
  );
  await Promise.all(buses.slice(0, nodes).map(async (bus) => (await bus.connection()).flush()));
  return {
    client,
    prefix,
    ids: services.map(({ id }) => id),
    calls,
    ask: (endpoint, request = "") =>
      client.request(
        `${prefix}.svc.${endpoint}`,
        typeof request === "string" ? request : JSON.stringify(request),
        { timeout: 5000 },
      ),
    async [Symbol.asyncDispose]() {
      for (const service of services) service.stop();
      await Promise.all(buses.map((bus) => bus.close()));
    },
  };
}

export interface Answer {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly version: string;
  readonly description: string;
  readonly metadata: Record<string, string>;
  readonly started?: string;
  readonly endpoints: {
    readonly name: string;
    readonly subject: string;
    readonly queue_group: string;
    readonly metadata: Record<string, string>;
    readonly num_requests?: number;
    readonly num_errors?: number;
    readonly last_error?: string;
    readonly average_processing_time?: number;
    readonly data?: Json;
  }[];
}

/** Asks everybody and gives what the services of this place answer; others share the server. */
export async function ours(place: Place, subject: string): Promise<Answer[]> {
  const inbox = `_INBOX.${crypto.randomUUID()}`;
  const answers: Answer[] = [];
  const subscription = place.client.subscribe(inbox, {
    callback: (_, message) => {
      const answer = message.json<Answer>();
      if (place.ids.includes(answer.id)) answers.push(answer);
    },
  });
  place.client.publish(subject, "", { reply: inbox });
  const wanted = place.ids.some((id) => subject.endsWith(id)) ? 1 : place.ids.length;
  await until(() => answers.length >= wanted, { what: `answers on ${subject}` });
  await place.client.flush();
  subscription.unsubscribe();
  return answers;
}
