/**
 * A service that players call through the gateway: what they own. Start the gateway with
 * `RPC_SERVICES=inventory`; a client calls `inventory.list` and `inventory.use`. Only other services
 * may ask for `<prefix>.rpc.inventory.grant`: the gateway says in a header which player calls.
 */
import { type ServiceMsg, Svcm } from "@nats-io/services";
import { connect } from "@nats-io/transport-node";
import process from "node:process";

const prefix = process.env["NATS_PREFIX"] ?? "waygate";
const { NATS_URL: servers, NATS_USER: user, NATS_PASSWORD: pass } = process.env;
const connection = await connect({
  servers: servers ?? "nats://127.0.0.1:4222",
  ...(user && pass ? { user, pass } : {}),
});
const items = new Map<string, Map<string, number>>();

/** The player who calls; undefined when it is not the gateway that asks. */
function caller({ headers }: ServiceMsg): string | undefined {
  const user = headers?.get("Waygate-User");
  return user ? decodeURIComponent(user) : undefined;
}

function add(user: string, item: string, count: number): number | undefined {
  const owned = items.get(user) ?? new Map<string, number>();
  const left = (owned.get(item) ?? 0) + count;
  if (left < 0) return undefined;
  items.set(user, owned.set(item, left));
  // Every session of the player hears of it, on whatever node, and after a reconnect too.
  const event = { type: "inventory.changed", payload: { item, count: left } };
  connection.publish(`${prefix}.user.${token(user)}.event`, JSON.stringify(event));
  return left;
}

/** A text as one part of a subject: each byte but `A–Z a–z 0–9 _ -` as `%XX`. */
function token(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*.~]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

// The package is typed against an older release of the connection's.
const service = await new Svcm(connection as unknown as ConstructorParameters<typeof Svcm>[0])
  .add({ name: "inventory", version: "1.0.0", description: "What players own" });
const methods = service.addGroup(`${prefix}.rpc.inventory`);
methods.addEndpoint("list", (_, message) => {
  const owned = items.get(caller(message) ?? "") ?? [];
  message.respond(JSON.stringify({ result: { items: Object.fromEntries(owned) } }));
});
methods.addEndpoint("use", (_, message) => {
  const left = add(caller(message) ?? "", message.json<{ item: string }>().item, -1);
  const error = { code: 1001, message: "You have none", data: message.json() };
  message.respond(JSON.stringify(left === undefined ? { error } : { result: { left } }));
});
methods.addEndpoint("grant", (_, message) => {
  const { user_id, item, count } = message.json<{ user_id: string; item: string; count: number }>();
  const error = { code: -32002, message: "Forbidden" };
  message.respond(
    JSON.stringify(caller(message) ? { error } : { result: { left: add(user_id, item, count) } }),
  );
});
console.log(`inventory serves ${prefix}.rpc.inventory.*`);
