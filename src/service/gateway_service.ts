/**
 * The gateway as a NATS micro service: what other services and operators may ask any node.
 *
 * @module
 */
import { z } from "zod";
import type { Bus } from "../bus/bus.ts";
import type { Subjects } from "../bus/subjects.ts";
import { ErrorCode, RpcError } from "../protocol/errors.ts";
import type { Json } from "../protocol/json.ts";
import type * as m from "../protocol/methods.ts";
import * as schemas from "../protocol/schemas.ts";
import { type MicroEndpoint, type MicroService, serveMicro } from "./micro.ts";

/** A node as the others know it. */
export interface NodeInfo {
  readonly node_id: string;
  readonly region: string;
  readonly connections: number;
  /** ISO 8601 UTC with milliseconds. */
  readonly started_at: string;
}

/** Answer of the endpoint `nodes`. */
export interface NodesResult {
  /** The nodes that live, in the order of their ids. */
  readonly nodes: readonly NodeInfo[];
}

/** See {@linkcode NodesResult}. */
export const NodesResult: z.ZodType<NodesResult> = z.object({
  nodes: z.array(z.object({
    node_id: z.string(),
    region: z.string(),
    connections: z.int().min(0),
    started_at: z.string().describe("ISO 8601 UTC with milliseconds"),
  })),
});

/** What the endpoints do; params have been validated. */
export interface GatewayServiceHandlers {
  get(params: m.PresenceGetParams): Promise<m.PresencesResult>;
  list(params: m.PresenceListParams): Promise<m.PresenceListResult>;
  announce(params: m.AnnounceParams): Promise<m.AnnounceResult>;
  kick(params: m.KickParams): Promise<m.KickResult>;
  nodes(): NodesResult | Promise<NodesResult>;
}

/** What {@linkcode serveGateway} needs. */
export interface GatewayServiceOptions {
  readonly bus: Bus;
  readonly subjects: Subjects;
  /** Version of the gateway. */
  readonly version: string;
  readonly nodeId: string;
  readonly region: string;
  readonly handlers: GatewayServiceHandlers;
  /** What a caller is told of an error. */
  readonly toError: (error: unknown) => RpcError;
  /** What this node shows under `data` of the endpoint `nodes` in `$SRV.STATS`. */
  readonly stats: () => Json;
}

/**
 * Registers the service `waygate` with the endpoints `presence.get`, `presence.list`, `announce`,
 * `kick` and `nodes` below `<prefix>.svc.`. A request is answered by one of the nodes. Whoever may publish
 * there may announce and kick: NATS's permissions are the guard.
 */
export function serveGateway(options: GatewayServiceOptions): MicroService {
  const { bus, subjects, version, nodeId, region, handlers, toError } = options;
  const endpoint = <Params, Result>(
    name: string,
    params: z.ZodType<Params>,
    result: z.ZodType<Result>,
    handle: (params: Params) => Result | Promise<Result>,
  ): MicroEndpoint => ({
    name: name.replaceAll(".", "-"),
    subject: subjects.service(name),
    metadata: {
      request_schema: JSON.stringify(z.toJSONSchema(params, { io: "input", ...SCHEMA })),
      response_schema: JSON.stringify(z.toJSONSchema(result, { io: "output", ...SCHEMA })),
    },
    // What was validated as a result is JSON.
    handle: async (request) => await handle(validate(params, request)) as Json,
  });
  return serveMicro({
    bus,
    name: "waygate",
    version,
    description: "Gateway between players' WebSockets and the game's services",
    metadata: { node_id: nodeId, region },
    toError,
    endpoints: [
      endpoint(
        "presence.get",
        schemas.PresenceGetParams,
        schemas.PresencesResult,
        (params) => handlers.get(params),
      ),
      endpoint(
        "presence.list",
        schemas.PresenceListParams,
        schemas.PresenceListResult,
        (params) => handlers.list(params),
      ),
      endpoint(
        "announce",
        schemas.AnnounceParams,
        schemas.AnnounceResult,
        (params) => handlers.announce(params),
      ),
      endpoint("kick", schemas.KickParams, schemas.KickResult, (params) => handlers.kick(params)),
      {
        ...endpoint("nodes", schemas.EmptySchema, NodesResult, () => handlers.nodes()),
        data: options.stats,
      },
    ],
  });
}

const SCHEMA = { unrepresentable: "any", target: "draft-7" } as const;

function validate<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({
    path: path.map((part) => typeof part === "symbol" ? String(part) : part),
    message,
  }));
  throw new RpcError(ErrorCode.invalidParams, { issues });
}
