import assert from "node:assert/strict";
import { BusError, type BusErrorReason } from "../../src/bus/bus.ts";
import { connectNatsBus } from "../../src/bus/bus_nats.ts";
import { ErrorCode, RpcError } from "../../src/protocol/errors.ts";
import type { Presence } from "../../src/protocol/presence.ts";
import { sharedBackends } from "../support/backends.ts";
import { connect, type GameClient } from "../support/game_client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { requireProgram } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { valueOf } from "../telemetry/prometheus_text.ts";
import { scrape } from "./measured_traffic.ts";
import {
  NATS_ENVIRONMENT,
  NATS_FOLDER,
  startSuperCluster,
  type SuperCluster,
} from "./super_cluster.ts";

const backends = await sharedBackends();

function startIn(region: "eu" | "us", cluster: SuperCluster): Promise<GatewayProcess> {
  return startGateway({
    region,
    backends: { ...backends, natsUrl: cluster[region] },
    env: {
      NATS_PREFIX: "waygate",
      NATS_USER: "waygate",
      NATS_PASSWORD: NATS_ENVIRONMENT["NATS_WAYGATE_PASSWORD"] ?? "",
    },
  });
}

async function player(gateway: GatewayProcess, name: string): Promise<GameClient> {
  return await connect(gateway.wsUrl, { token: await gateway.token(name) });
}

/** Waits until each node knows of so many. */
async function nodesSeen(count: number, gateways: readonly GatewayProcess[]): Promise<void> {
  await until(async () => {
    for (const gateway of gateways) {
      assert.equal(valueOf(await scrape(gateway), "waygate_nodes"), count);
    }
    return true;
  }, { what: `${count} nodes on each side`, timeoutMs: 30_000, intervalMs: 100 });
}

/**
 * Moves about until the other sees it: the servers of a region learn in their own time what somebody
 * in the other one subscribes to.
 */
async function move(walker: GameClient, watcher: GameClient, place: string): Promise<void> {
  let steps = 0;
  const isIt = ({ user_id: userId, location }: Presence) =>
    userId === walker.welcome.user_id && location?.startsWith(place) === true;
  await until(async () => {
    await walker.call("player.updateLocation", { location: `${place}:${steps++}` });
    return await watcher.next("presence.updated", {
      where: ({ presences }) => presences.some(isIt),
      timeoutMs: 1000,
    });
  }, { what: `${place} to be seen`, timeoutMs: 20_000 });
}

/** Sends an event until it is taken, and waits until it has arrived. */
async function wave(from: GameClient, to: GameClient, type: string): Promise<void> {
  const idempotency_key = crypto.randomUUID();
  const event = { to: { user_id: to.welcome.user_id }, type, idempotency_key };
  await until(() => from.call("player.sendEvent", event, 10_000), {
    what: `${type} to be taken`,
    timeoutMs: 30_000,
    intervalMs: 200,
  });
  await to.next("player.event", { where: (sent) => sent.type === type, timeoutMs: 15_000 });
}

for (const region of ["eu", "us"]) {
  Deno.test(`nats-server takes the configuration of ${region}`, async () => {
    const { success, stderr } = await new Deno.Command(requireProgram("nats-server"), {
      args: ["-t", "-c", `${region}.conf`],
      cwd: NATS_FOLDER,
      env: NATS_ENVIRONMENT,
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  });
}

Deno.test("presence and events cross two regions, and do again after one was cut off", async () => {
  await using cluster = await startSuperCluster();
  await using eu = await startIn("eu", cluster);
  await using us = await startIn("us", cluster);
  await nodesSeen(2, [eu, us]);
  const names = [`ann-${crypto.randomUUID()}`, `bob-${crypto.randomUUID()}`] as const;
  await using ann = await player(eu, names[0]);
  await using bob = await player(us, names[1]);

  await move(ann, bob, "harbour");
  await wave(bob, ann, "hello");
  await wave(ann, bob, "hello-yourself");

  cluster.cut();
  await nodesSeen(1, [eu, us]);
  await ann.call("player.updateLocation", { location: "lighthouse" });
  await wave(ann, ann, "note-to-self");
  const refused = await bob.call("player.sendEvent", {
    to: { user_id: names[0] },
    type: "lost",
  }, 15_000).catch((error: unknown) => error);
  assert.ok(refused instanceof RpcError && refused.code === ErrorCode.unavailable, `${refused}`);
  assert.ok(await bob.call("system.ping", {}), "players of the cut region go on");

  cluster.heal();
  await nodesSeen(2, [eu, us]);
  await move(ann, bob, "market");
  await move(bob, ann, "bridge");
  await wave(bob, ann, "back-again");
  const { presences } = await bob.call<{ presences: Presence[] }>("presence.get", {
    user_ids: [...names],
  });
  assert.deepEqual(presences.map(({ status, region }) => [status, region]), [
    ["online", "eu"],
    ["online", "us"],
  ]);
});

Deno.test("each login may do its own work and no other's", async () => {
  await using cluster = await startSuperCluster();
  const login = (user: string) =>
    connectNatsBus({
      servers: cluster.eu,
      name: "test",
      user,
      password: NATS_ENVIRONMENT[`NATS_${user.toUpperCase()}_PASSWORD`] ?? "",
    });
  const [waygate, service, operator] = [login("waygate"), login("service"), login("operator")];
  try {
    for (const bus of [waygate, service, operator]) await bus.connection();
    const heard: string[] = [];
    waygate.subscribe("waygate.>", (message) => {
      heard.push(message.subject);
      message.respond("{}");
    });
    await waygate.flush();
    const ask = async (
      bus: typeof service,
      subject: string,
    ): Promise<BusErrorReason | "answered"> => {
      try {
        await bus.request(subject, "{}", { timeoutMs: 500 });
        return "answered";
      } catch (error) {
        assert.ok(error instanceof BusError);
        return error.reason;
      }
    };
    await until(async () => await ask(service, "waygate.svc.presence.get") === "answered", {
      what: "the servers of the region to know who answers",
    });
    heard.length = 0;
    assert.equal(await ask(service, "waygate.user.ann.event"), "answered");
    await until(async () => await ask(operator, "waygate.svc.kick") === "answered", {
      what: "the operator's server to know who answers",
    });
    for (const subject of ["waygate.svc.kick", "waygate.announce", "waygate.node.n1.heartbeat"]) {
      assert.notEqual(await ask(service, subject), "answered", subject);
    }
    assert.notEqual(await ask(operator, "waygate.user.ann.event"), "answered");
    assert.deepEqual(heard, [
      "waygate.user.ann.event",
      "waygate.svc.kick",
    ]);
  } finally {
    for (const bus of [waygate, service, operator]) await bus.close();
  }
});
