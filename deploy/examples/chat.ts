/**
 * A service that players call through the gateway: a chat for everyone at a location. Start the
 * gateway with `RPC_SERVICES=chat`; a client calls `chat.say` and `chat.history`, and gets what is
 * said where it is as `player.event` of the type `chat.message`.
 */
import { type ServiceMsg, Svcm } from "@nats-io/services";
import { connect } from "@nats-io/transport-node";
import process from "node:process";

const KEPT = 50;
const prefix = process.env["NATS_PREFIX"] ?? "waygate";
const { NATS_URL: servers, NATS_USER: user, NATS_PASSWORD: pass } = process.env;
const connection = await connect({
  servers: servers ?? "nats://127.0.0.1:4222",
  ...(user && pass ? { user, pass } : {}),
});
const said = new Map<string, { from: string; text: string }[]>();

interface Say {
  readonly location: string;
  readonly text: string;
}

function say(from: string, { location, text }: Say): void {
  const line = { from, text };
  said.set(location, [...said.get(location) ?? [], line].slice(-KEPT));
  const event = { type: "chat.message", from, payload: { text } };
  connection.publish(`${prefix}.location.${token(location)}.event`, JSON.stringify(event));
}

/** A text as one part of a subject; locations have nothing else to escape. */
function token(location: string): string {
  return location.replaceAll(":", "%3A").replaceAll(".", "%2E");
}

function isSay(params: Partial<Say>): params is Say {
  return /^[A-Za-z0-9_:.-]{1,64}$/.test(params.location ?? "") &&
    typeof params.text === "string" && params.text.length >= 1 && params.text.length <= 500;
}

function answer(message: ServiceMsg, reply: { result: unknown } | { error: unknown }): void {
  message.respond(JSON.stringify(reply));
}

// The package is typed against an older release of the connection's.
const service = await new Svcm(connection as unknown as ConstructorParameters<typeof Svcm>[0])
  .add({ name: "chat", version: "1.0.0", description: "Chat by location" });
const methods = service.addGroup(`${prefix}.rpc.chat`);
methods.addEndpoint("say", (_, message) => {
  const params = message.json<Partial<Say>>();
  if (!isSay(params)) {
    return answer(message, { error: { code: 1000, message: "Say 1 to 500 characters somewhere" } });
  }
  say(decodeURIComponent(message.headers?.get("Waygate-User") ?? ""), params);
  answer(message, { result: {} });
});
methods.addEndpoint("history", (_, message) => {
  answer(message, { result: { lines: said.get(message.json<Say>().location) ?? [] } });
});
console.log(`chat serves ${prefix}.rpc.chat.*`);
