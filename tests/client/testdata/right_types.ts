/** Uses of the client that must compile; never run. */
import {
  ClientError,
  type Methods,
  type Presence,
  RpcError,
  WaygateClient,
} from "../../../src/client/client.ts";
// In Node before version 22 there is no other WebSocket.
import { WebSocket } from "ws";

/** A game's own methods. */
type GameMethods = {
  "inventory.list": { params: { page?: number }; result: { items: string[] } };
  "inventory.use": { params: { item: string }; result: { left: number } };
};

export async function builtIn(client: WaygateClient): Promise<void> {
  const presence: Presence = await client.call("player.updateStatus", { status: "away" });
  const pong = await client.call("system.ping");
  pong.server_time.slice();
  await client.call("system.ping", { any: ["thing", 1, null] }, { timeoutMs: 5 });
  await client.call("rpc.discover", {}, { signal: AbortSignal.timeout(1) });
  const { presences, cursor, total } = await client.call("presence.list", { limit: 5 });
  await client.call("presence.list", cursor === null ? {} : { cursor });
  presences.slice(0, total).map(({ user_id, last_seen }) => user_id + (last_seen ?? ""));
  await client.call("player.sendEvent", { to: { location: "lobby" }, type: "hi", payload: [1] });
  client.notify("player.updateLocation", { location: null });
  client.notify("rpc.discover");
  client.presence.users().get(presence.user_id)?.status satisfies string | undefined;
}

export function events(client: WaygateClient): void {
  const stop = client.on("player.event", ({ seq, from, payload }) => {
    const texts: [number, string | null, unknown] = [seq, from, payload];
    return texts;
  }, { signal: new AbortController().signal });
  stop();
  client.once("state", ({ state, reason }) => {
    if (state === "closed" && reason?.code === "kicked") reason.message.slice();
  });
  client.on("latency", (latencyMs) => latencyMs.toFixed());
  client.on("error", (error) => {
    if (error instanceof RpcError) error.data?.toString();
    else if (error instanceof ClientError) error.reason?.retryAtMs?.toFixed();
  });
}

/** As it comes from code that has an option or not, under `exactOptionalPropertyTypes`. */
export async function passedOn(signal?: AbortSignal, timeoutMs?: number): Promise<void> {
  const client = new WaygateClient({
    url: "/ws",
    token: () => "h.p.s",
    WebSocket: undefined,
    callTimeoutMs: timeoutMs,
    connectTimeoutMs: timeoutMs,
    queueLimit: undefined,
  });
  await client.connect({ signal });
  await client.call("system.ping", {}, { timeoutMs, signal });
  await client.presence.subscribe({ all: true }, { timeoutMs, signal });
  client.on("latency", () => {}, { signal });
}

/** The same, as an interface. */
interface MoreMethods {
  "guild.join": { params: { guild: string }; result: { members: number } };
}

export async function bothWays(
  client: WaygateClient<Methods & GameMethods & MoreMethods>,
): Promise<number> {
  await client.call("inventory.list");
  return (await client.call("guild.join", { guild: "a" })).members;
}

export async function ownMethods(): Promise<number> {
  const client = new WaygateClient<Methods & GameMethods>({
    url: new URL("wss://game.example/ws"),
    token: async ({ signal }) => (await fetch("https://game.example/token", { signal })).text(),
    WebSocket,
  });
  const { items } = await client.call("inventory.list");
  const { left } = await client.call("inventory.use", { item: items[0] ?? "" });
  await client.call("presence.get", { user_ids: ["a"] });
  return left;
}

export const withGlobal: WaygateClient = new WaygateClient({
  url: "/ws",
  token: () => "h.p.s",
  WebSocket: globalThis.WebSocket,
});
