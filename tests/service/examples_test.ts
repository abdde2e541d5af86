/** The example services, each as a process of its own, called by players through a real gateway. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { connectNatsBus } from "../../src/bus/bus_nats.ts";
import { createSubjects } from "../../src/bus/subjects.ts";
import type { Json } from "../../src/protocol/json.ts";
import { RpcError } from "../../src/protocol/errors.ts";
import { sharedBackends } from "../support/backends.ts";
import { connect, type GameClient } from "../support/game_client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { ServerProcess } from "../support/servers/server_process.ts";

const { natsUrl } = await sharedBackends();
const EXAMPLES = fileURLToPath(new URL("../../deploy/examples/", import.meta.url));

function openGateway(): Promise<GatewayProcess> {
  return startGateway({
    backends: { natsUrl },
    env: { RPC_SERVICES: "chat,inventory,nobody", RPC_TIMEOUT_MS: "700" },
  });
}

/** Starts an example for the gateway's prefix, from outside the project as a studio would. */
async function startExample(name: string, { prefix }: GatewayProcess): Promise<ServerProcess> {
  const directory = await Deno.makeTempDir({ prefix: `${name}_` });
  return await ServerProcess.start({
    name,
    url: natsUrl,
    port: 0,
    directory,
    command: Deno.execPath(),
    args: ["run", "--no-prompt", "--allow-net", "--allow-env", `${EXAMPLES}${name}.ts`],
    env: { NATS_URL: natsUrl, NATS_PREFIX: prefix },
    answers: async () => (await Deno.readTextFile(`${directory}/output.log`)).includes("serves"),
  });
}

async function player(gateway: GatewayProcess, user: string): Promise<GameClient> {
  return await connect(gateway.wsUrl, { token: await gateway.token(user) });
}

/** What another service of the game asks for. */
async function request(subject: string, params: Json): Promise<Json> {
  const bus = connectNatsBus({ servers: natsUrl, name: "shop" });
  await bus.connection();
  try {
    return JSON.parse(
      (await bus.request(subject, JSON.stringify(params), { timeoutMs: 5000 })).data,
    );
  } finally {
    await bus.close();
  }
}

async function errorOf(call: Promise<unknown>) {
  const error = await call.then(() => assert.fail("It did not fail"), (error) => error);
  assert.ok(error instanceof RpcError, String(error));
  return { code: error.code, message: error.message, data: error.data };
}

Deno.test("chat: what a player says reaches everyone at the location, and is kept", async () => {
  await using gateway = await openGateway();
  await using _chat = await startExample("chat", gateway);
  await using ann = await player(gateway, "ann.ü 😀");
  await using bob = await player(gateway, "bob");
  await using eve = await player(gateway, "eve");
  for (const client of [ann, bob]) {
    await client.call("player.updateLocation", { location: "zone:stormwind" });
  }

  assert.deepEqual(await ann.call("chat.say", { location: "zone:stormwind", text: "Hail!" }), {});

  for (const client of [ann, bob]) {
    const { type, from, to, payload } = await client.next("player.event");
    assert.deepEqual({ type, from, to, payload }, {
      type: "chat.message",
      from: "ann.ü 😀",
      to: { location: "zone:stormwind" },
      payload: { text: "Hail!" },
    });
  }
  assert.deepEqual(await bob.call("chat.history", { location: "zone:stormwind" }), {
    lines: [{ from: "ann.ü 😀", text: "Hail!" }],
  });
  assert.deepEqual(eve.all("player.event"), []);
  assert.deepEqual(await errorOf(bob.call("chat.say", { location: "zone:stormwind", text: "" })), {
    code: 1000,
    message: "Say 1 to 500 characters somewhere",
    data: undefined,
  });
});

Deno.test("inventory: a service grants, the player hears of it, and spends it", async () => {
  await using gateway = await openGateway();
  await using _inventory = await startExample("inventory", gateway);
  await using ann = await player(gateway, "ann.ü 😀");
  const subject = createSubjects(gateway.prefix).rpc("inventory.grant");

  const grant = { user_id: "ann.ü 😀", item: "potion", count: 1 };
  assert.deepEqual(await request(subject, grant), { result: { left: 1 } });

  const { type, from, payload } = await ann.next("player.event");
  assert.deepEqual({ type, from, payload }, {
    type: "inventory.changed",
    from: null,
    payload: { item: "potion", count: 1 },
  });
  assert.deepEqual(await ann.call("inventory.list", {}), { items: { potion: 1 } });
  assert.deepEqual(await ann.call("inventory.use", { item: "potion" }), { left: 0 });
  assert.deepEqual(await errorOf(ann.call("inventory.use", { item: "potion" })), {
    code: 1001,
    message: "You have none",
    data: { item: "potion" },
  });
  assert.equal((await errorOf(ann.call("inventory.grant", grant))).code, -32002);
});

Deno.test("a service that hangs, and one that is not there, are told apart from its own errors", async () => {
  await using gateway = await openGateway();
  await using inventory = await startExample("inventory", gateway);
  await using ann = await player(gateway, "ann");

  assert.deepEqual(await errorOf(ann.call("nobody.is", {})), {
    code: -32004,
    message: "Unavailable",
    data: { part: "nobody", reason: "no_responders" },
  });
  inventory.suspend();
  const calling = errorOf(ann.call("inventory.list", {}));
  // A slow service does not hold up the connection's sign of life.
  await ann.call("system.ping", {}, 500);
  assert.deepEqual(await calling, {
    code: -32004,
    message: "Unavailable",
    data: { part: "inventory", reason: "timeout" },
  });
  inventory.resume();
  assert.deepEqual(await ann.call("inventory.list", {}), { items: {} });
});
