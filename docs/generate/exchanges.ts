/**
 * One example exchange for each method and notification, recorded against a gateway in this process.
 *
 * @module
 */
import { DEVELOPMENT_SECRET } from "../../src/token_key.ts";
import { signToken } from "../../src/development_tokens.ts";
import { createGateway, type Gateway, readConfig } from "../../src/gateway.ts";
import type { Json, JsonObject } from "../../src/protocol/json.ts";
import { Recorder, resultMember, type WireLine } from "./recorder.ts";
import { StableValues } from "./stable_values.ts";

/** What was recorded, by the name of the method or notification. */
export interface Recording {
  readonly exchanges: ReadonlyMap<string, readonly WireLine[]>;
  /** The OpenRPC document of the gateway that answered. */
  readonly description: JsonObject;
}

/** Plays a short evening of three players and a moderator. */
export async function recordExchanges(): Promise<Recording> {
  const config = readConfig({
    NODE_ID: "eu-1",
    REGION: "eu",
    PRESENCE_FLUSH_MS: "10",
    LOBBY: "off",
  }, { development: true });
  const gateway = await createGateway({ config });
  await gateway.start();
  const server = await gateway.serve({ hostname: "127.0.0.1", port: 0 });
  const url = `${server.url.replace(/^http/, "ws")}/ws`;
  const lines = new Map<string, readonly WireLine[]>();
  try {
    await play(new Evening(url, lines), gateway);
  } finally {
    await server.stop();
  }
  return { exchanges: stabilized(lines), description: gateway.node.description };
}

/** Who plays, and what was said. */
class Evening {
  readonly #url: string;
  readonly #lines: Map<string, readonly WireLine[]>;

  constructor(url: string, lines: Map<string, readonly WireLine[]>) {
    this.#url = url;
    this.#lines = lines;
  }

  async arrive(sub: string, claims: { name?: string; scope?: string; ttl_s?: number } = {}) {
    return await Recorder.open(this.#url, await token(sub, claims));
  }

  /** Calls a method and keeps the exchange. */
  async call(player: Recorder, method: string, params: JsonObject): Promise<readonly WireLine[]> {
    const lines = await player.call(method, params);
    this.#lines.set(method, lines);
    return lines;
  }

  /** Waits for a notification and keeps it. */
  async hear(player: Recorder, name: string, fits?: (params: JsonObject) => boolean) {
    const line = await player.next(name, fits);
    this.#lines.set(name, [line]);
    return line;
  }
}

async function play(evening: Evening, gateway: Gateway): Promise<void> {
  const ann = await evening.arrive("ann", { name: "Ann" });
  const welcome = await evening.hear(ann, "system.welcome");
  const bea = await evening.arrive("bea", { name: "Bea" });
  const brief = await evening.arrive("cleo", { ttl_s: 3 });

  await evening.call(ann, "system.ping", { sent: 1 });
  await evening.call(ann, "rpc.discover", {});
  await evening.call(ann, "auth.refresh", { token: await token("ann", { name: "Ann" }) });
  await evening.call(ann, "player.updatePresence", { status: "online", location: "lobby" });
  await evening.call(ann, "player.updateLocation", { location: "zone:stormwind" });
  // Otherwise what follows may be gathered with what came before.
  await bea.next("presence.updated", (params) => isInStormwind(params));
  await evening.call(ann, "player.updateStatus", { status: "away" });
  await evening.hear(bea, "presence.updated", (params) => isAwayOnly(params));

  const invite: JsonObject = {
    to: { user_id: "bea" },
    type: "party.invite",
    payload: { party: 7 },
  };
  await evening.call(ann, "player.sendEvent", { ...invite, idempotency_key: "invite-7" });
  await evening.hear(bea, "player.event");
  await evening.call(bea, "presence.get", { user_ids: ["ann", "nobody"] });
  await evening.call(bea, "presence.list", { location: "zone:stormwind", limit: 10 });
  await evening.call(bea, "presence.subscribe", { users: ["ann"] });
  await evening.call(bea, "presence.unsubscribe", { users: ["ann"] });
  await resume(evening, ann, welcome);

  await evening.hear(brief, "system.token_expiring");
  await brief.close();
  await moderate(evening, bea);

  const drained = gateway.drain();
  await evening.hear(bea, "system.shutdown");
  await drained;
  await Promise.all([ann, bea].map((player) => player.close()));
}

async function resume(evening: Evening, ann: Recorder, welcome: WireLine): Promise<void> {
  const { session_id: earlier = null } = welcome.message["params"] as JsonObject;
  const again = await evening.arrive("ann", { name: "Ann" });
  await evening.call(again, "session.resume", { session_id: earlier, last_seq: 0 });
  await Promise.all([ann.close(), again.close()]);
}

async function moderate(evening: Evening, bea: Recorder): Promise<void> {
  const moderator = await evening.arrive("moderator", { scope: "admin" });
  const noisy = await evening.arrive("dora");
  await noisy.next("system.welcome");
  const message = "Restart in five minutes";
  const told = await evening.call(moderator, "system.announce", { message, level: "warning" });
  const id = resultMember(told, "announcement_id");
  await evening.hear(bea, "system.announcement", (params) => params["announcement_id"] === id);
  await evening.call(moderator, "system.kick", { user_id: "dora", reason: "Too loud" });
  await evening.hear(noisy, "system.error");
  await Promise.all([noisy.close(), moderator.close()]);
}

function isInStormwind(params: JsonObject): boolean {
  const presences = params["presences"] as readonly JsonObject[];
  return presences.some(({ location }) => location === "zone:stormwind");
}

function isAwayOnly(params: JsonObject): boolean {
  const presences = params["presences"] as readonly JsonObject[];
  return presences.length === 1 && presences[0]?.["user_id"] === "ann" &&
    presences[0]["status"] === "away";
}

function token(
  sub: string,
  claims: { name?: string; scope?: string; ttl_s?: number },
): Promise<string> {
  const terms = { secret: DEVELOPMENT_SECRET, issuer: undefined, audience: undefined };
  return signToken({ sub, ttl_s: 3600, ...claims }, terms);
}

function stabilized(lines: ReadonlyMap<string, readonly WireLine[]>) {
  const values = new StableValues();
  return new Map(
    [...lines].map(([name, said]) => [
      name,
      said.map(({ from, message }) => ({
        from,
        message: shorten(name, values.of({ ...message }) as JsonObject),
      })),
    ]),
  );
}

/** The document that `rpc.discover` answers with is too long to be shown in another. */
function shorten(name: string, message: JsonObject): JsonObject {
  if (name !== "rpc.discover" || message["result"] === undefined) return message;
  const { openrpc = null, info = null } = message["result"] as JsonObject;
  const result: Json = { openrpc, info, methods: ["…"] };
  return { ...message, result };
}
