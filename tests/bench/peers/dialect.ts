import type { Message } from "./frames.ts";

/** Something a client says, if anything, and then waits for. */
export interface Step {
  readonly send?: Message;
  /** A part of the message to wait for. */
  readonly expect: string;
}

/** How clients of one protocol speak. */
export interface Dialect {
  /** Subprotocol that clients offer. */
  readonly protocol?: string;
  /** Whether several messages may come as one JSON array. */
  readonly isBatching?: boolean;
  /** Asked over HTTP first: where to connect. */
  readonly matchmaking?: { readonly path: string; upgradePath(reply: string): string };
  readonly upgradePath: string;
  /** From the upgrade to the welcome. */
  readonly greeting: readonly Step[];
  /** Has this client hear of events at a location. */
  enter(location: string): readonly Step[];
  /** One request; its answer is one message. Peers that number requests themselves ignore the id. */
  request(id: number): Message;
  /** Sends an event to everyone at a location. */
  publish(location: string): Message;
  /** Whether the sender of an event is answered besides. */
  readonly answersEvents?: boolean;
}

/** What a game might send: 66 bytes of JSON. */
const EVENT = {
  type: "shot",
  payload: { weapon: "bow", x: 1024.5, y: -77.25, hits: [17, 23], crit: false },
};

function event(location: string): object {
  return { to: { location }, ...EVENT };
}

function request(method: string, params: object, id = 1): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

/** JSON-RPC as the bare servers speak it: everyone hears of every event. */
export const JSON_RPC: Dialect = {
  upgradePath: "/ws",
  greeting: [{ expect: "system.welcome" }],
  enter: () => [],
  request: (id) => request("system.ping", {}, id),
  publish: (location) => request("player.sendEvent", event(location)),
};

/** rpc-websockets: JSON-RPC with subscriptions of its own. */
export const RPC_WEBSOCKETS: Dialect = {
  ...JSON_RPC,
  answersEvents: true,
  // Any other path is a namespace.
  upgradePath: "/",
  enter: () => [{
    send: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "rpc.on", params: ["player.event"] }),
    expect: `"player.event":"ok"`,
  }],
};

/** Waygate, one message a frame. */
export const WAYGATE: Dialect = {
  ...JSON_RPC,
  answersEvents: true,
  protocol: "waygate.v1",
  enter: (location) => [{
    send: request("player.updateLocation", { location }),
    expect: `"id":1`,
  }],
};

/** Waygate with gathered frames. */
export const WAYGATE_BATCH: Dialect = {
  ...WAYGATE,
  protocol: "waygate.v1.batch",
  isBatching: true,
};

/** Socket.IO 4: Engine.IO 4 packets in frames. */
export const SOCKET_IO: Dialect = {
  upgradePath: "/socket.io/?EIO=4&transport=websocket",
  greeting: [{ expect: "0{" }, { send: "40", expect: "40{" }, { expect: "system.welcome" }],
  enter: () => [],
  request: (id) => `42${id}["system.ping",{}]`,
  publish: (location) => `42["player.sendEvent",${JSON.stringify(event(location))}]`,
};

const COLYSEUS_JOIN_ROOM = 10;
const COLYSEUS_ROOM_DATA = 13;

/** Colyseus 0.18: matchmaking over HTTP, MessagePack in binary frames. */
export const COLYSEUS: Dialect = {
  matchmaking: {
    path: "/matchmake/joinOrCreate/bench",
    upgradePath(reply) {
      const { processId, roomId, sessionId } = JSON.parse(reply);
      return `/${processId}/${roomId}?sessionId=${sessionId}`;
    },
  },
  upgradePath: "",
  greeting: [
    { expect: String.fromCharCode(COLYSEUS_JOIN_ROOM) },
    { send: new Uint8Array([COLYSEUS_JOIN_ROOM]), expect: "system.welcome" },
  ],
  enter: () => [],
  request: () => roomData("system.ping", {}),
  publish: (location) => roomData("player.sendEvent", event(location)),
};

function roomData(type: string, message: object): Uint8Array {
  return new Uint8Array([COLYSEUS_ROOM_DATA, ...messagePack(type), ...messagePack(message)]);
}

/** MessagePack of as much of JSON as the messages here have. */
function messagePack(value: unknown): number[] {
  if (typeof value === "string") {
    const bytes = new TextEncoder().encode(value);
    return [...bytes.length < 32 ? [0xa0 | bytes.length] : [0xd9, bytes.length], ...bytes];
  }
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 128) {
    return [value];
  }
  if (typeof value === "number") {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value);
    return [0xcb, ...bytes];
  }
  if (typeof value === "boolean") return [value ? 0xc3 : 0xc2];
  if (Array.isArray(value)) return [0x90 | value.length, ...value.flatMap(messagePack)];
  const entries = Object.entries(value as Record<string, unknown>);
  return [
    0x80 | entries.length,
    ...entries.flatMap(([name, entry]) => [...messagePack(name), ...messagePack(entry)]),
  ];
}
