/**
 * The NATS side of the AsyncAPI document: subjects, what travels on them, and who sends it.
 *
 * @module
 */
import type { Json, JsonObject } from "../../src/protocol/json.ts";

const PREFIX = "waygate";

interface Subject {
  /** Below the prefix; parts in braces are parameters. */
  readonly address: string;
  readonly title: string;
  readonly message: string;
  /** What the gateway does there. */
  readonly actions: readonly ("send" | "receive")[];
}

const SUBJECTS: Readonly<Record<string, Subject>> = {
  presenceChange: {
    address: "presence.{location}.{user}",
    title: "A presence change, where the user is and where they were",
    message: "natsPresence",
    actions: ["send", "receive"],
  },
  userEvent: {
    address: "user.{user}.event",
    title: "An event for a user, from any service",
    message: "natsEvent",
    actions: ["send", "receive"],
  },
  locationEvent: {
    address: "location.{location}.event",
    title: "An event for everyone at a location, from any service",
    message: "natsEvent",
    actions: ["send", "receive"],
  },
  announcement: {
    address: "announce",
    title: "An announcement to every player, from any service",
    message: "natsAnnouncement",
    actions: ["send", "receive"],
  },
  heartbeat: {
    address: "node.{node}.heartbeat",
    title: "That a node lives; nodes only",
    message: "natsHeartbeat",
    actions: ["send", "receive"],
  },
};

/** Endpoints of the NATS micro service `waygate`. */
const ENDPOINTS = ["presence.get", "presence.list", "announce", "kick", "nodes"] as const;

const PARAMETERS: Readonly<Record<string, string>> = {
  location: "Escaped; % alone for no location",
  user: "The user's id, escaped",
  node: "The node's id, escaped",
};

/** Channels by name. */
export function natsChannels(): JsonObject {
  return Object.fromEntries([
    ...Object.entries(SUBJECTS).map(([name, { address, title, message }]): [string, Json] => [
      name,
      channel(address, title, { [message]: { $ref: `#/components/messages/${message}` } }),
    ]),
    ...ENDPOINTS.map((endpoint): [string, Json] => [
      endpointName(endpoint),
      channel(`svc.${endpoint}`, `Asks any node: ${endpoint}`, JSON_EXCHANGE),
    ]),
    ["forwardedCall", channel("rpc.{method}", "A player's call to another service", JSON_EXCHANGE)],
    ["replies", { address: null, messages: JSON_EXCHANGE, servers: NATS }],
  ]);
}

/** Operations by name, as the gateway sees them. */
export function natsOperations(): JsonObject {
  return Object.fromEntries([
    ...Object.entries(SUBJECTS).flatMap(([name, { actions, title }]) =>
      actions.map((action): [string, Json] => [
        `${action}${name.charAt(0).toUpperCase()}${name.slice(1)}`,
        { action, summary: title, channel: { $ref: `#/channels/${name}` } },
      ])
    ),
    ...ENDPOINTS.map((endpoint): [string, Json] => [
      `answer${endpointName(endpoint)}`,
      request("receive", endpointName(endpoint)),
    ]),
    ["forwardCall", request("send", "forwardedCall")],
  ]);
}

/** Messages by name. */
export function natsMessages(): JsonObject {
  return {
    natsPresence: {
      name: "presence",
      payload: { $ref: "#/components/schemas/presence.updated" },
    },
    natsEvent: {
      name: "event",
      summary: "As `player.event` without `seq`; only `type` is needed",
      payload: loose("player.event", ["type"]),
    },
    natsAnnouncement: {
      name: "announcement",
      summary: "As `system.announcement` without `seq`; only `message` is needed",
      payload: loose("system.announcement", ["message"]),
    },
    natsHeartbeat: {
      name: "heartbeat",
      summary: "For the gateway's own nodes; may change between releases",
      payload: { type: "object", properties: { node_id: { type: "string" } } },
    },
    natsJson: {
      name: "json",
      summary: "JSON in, JSON out. A forwarded call has the params, and is answered with " +
        "`{result}` or `{error}`",
      payload: { type: "object" },
    },
  };
}

const NATS: Json = [{ $ref: "#/servers/nats" }];

const JSON_EXCHANGE: JsonObject = { json: { $ref: "#/components/messages/natsJson" } };

function channel(address: string, title: string, messages: JsonObject): JsonObject {
  const parameters = [...address.matchAll(/\{(\w+)\}/g)].map(([, name = ""]): [string, Json] => [
    name,
    { description: PARAMETERS[name] ?? "The method's whole name, as inventory.use" },
  ]);
  return {
    address: `${PREFIX}.${address}`,
    title,
    servers: NATS,
    messages,
    ...(parameters.length === 0 ? {} : { parameters: Object.fromEntries(parameters) }),
  };
}

function request(action: "send" | "receive", name: string): JsonObject {
  return {
    action,
    channel: { $ref: `#/channels/${name}` },
    reply: {
      address: { location: "$message.header#/reply", description: "The request's reply subject" },
      channel: { $ref: "#/channels/replies" },
    },
  };
}

function endpointName(endpoint: string): string {
  return `service${
    endpoint.split(".").map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join("")
  }`;
}

/** The members of a notification, of which a service may leave out all but a few. */
function loose(notification: string, required: readonly string[]): JsonObject {
  const properties = `#/components/schemas/${notification}/properties`;
  const members = notification === "player.event"
    ? ["event_id", "from", "to", "type", "payload", "sent_at"]
    : ["announcement_id", "level", "message", "sent_at"];
  return {
    type: "object",
    properties: Object.fromEntries(
      members.map((name) => [name, { $ref: `${properties}/${name}` }]),
    ),
    required,
  };
}
