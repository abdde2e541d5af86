import type { Json, JsonObject } from "../../src/protocol/json.ts";
import { natsChannels, natsMessages, natsOperations } from "./asyncapi_nats.ts";

interface Described {
  readonly name: string;
  readonly summary: string;
  readonly params: readonly {
    readonly name: string;
    readonly required: boolean;
    readonly schema: JsonObject;
  }[];
  readonly result?: unknown;
}

/**
 * Writes `docs/asyncapi.json`: what the gateway sends unasked over the WebSocket, and the NATS
 * subjects that it shares with other services.
 *
 * @param description the OpenRPC document, whose schemas it repeats
 */
export function asyncApiDocument(description: JsonObject): JsonObject {
  const { version = "", license = {} } = description["info"] as JsonObject;
  const { schemas = {} } = description["components"] as JsonObject;
  const notifications = (description["methods"] as unknown as readonly Described[])
    .filter(({ result }) => result === undefined);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Waygate",
      version,
      license,
      description: "What the gateway sends players unasked, and the NATS subjects it shares with " +
        "other services. Calls and replies are in the OpenRPC document.",
    },
    defaultContentType: "application/json",
    servers: {
      gateway: { host: "game.example", protocol: "wss", description: "One node, or many" },
      nats: { host: "nats.example:4222", protocol: "nats" },
    },
    channels: {
      player: {
        address: "/ws",
        title: "A player's WebSocket",
        servers: [{ $ref: "#/servers/gateway" }],
        messages: named(notifications, ({ name }) => ({ $ref: `#/components/messages/${name}` })),
      },
      ...natsChannels(),
    },
    operations: {
      notifyPlayer: {
        action: "send",
        summary: "Tells a player something that was not asked for",
        channel: { $ref: "#/channels/player" },
      },
      ...natsOperations(),
    },
    components: {
      messages: { ...named(notifications, notificationMessage), ...natsMessages() },
      schemas: {
        ...schemas as JsonObject,
        ...named(notifications, paramsSchema),
      },
    },
  };
}

function named(
  items: readonly Described[],
  make: (item: Described) => JsonObject,
): Record<string, Json> {
  return Object.fromEntries(items.map((item) => [item.name, make(item)]));
}

/** A notification as it goes over the wire (JSON-RPC 2.0 §4.1). */
function notificationMessage({ name, summary }: Described): JsonObject {
  return {
    name,
    summary,
    payload: {
      type: "object",
      properties: {
        jsonrpc: { const: "2.0" },
        method: { const: name },
        params: { $ref: `#/components/schemas/${name}` },
      },
      required: ["jsonrpc", "method", "params"],
    },
  };
}

function paramsSchema({ params }: Described): JsonObject {
  return {
    type: "object",
    properties: Object.fromEntries(params.map(({ name, schema }) => [name, schema])),
    required: params.filter(({ required }) => required).map(({ name }) => name),
  };
}
