/**
 * `deno run -A tests/load/costs.ts`: what one thing of each kind costs the gateway, Redis and NATS; docs/scaling.md
 * calculates with it. Linux.
 *
 * @module
 */
import { startGateway } from "../support/gateway.ts";
import { freePort } from "../support/servers/free_port.ts";
import { startNats } from "../support/servers/nats_server.ts";
import { startRedis } from "../support/servers/redis_server.ts";
import { startRedisRest } from "../support/servers/redis_rest_server.ts";
import { firstReply } from "../support/servers/tcp_probe.ts";
import { until } from "../support/wait.ts";
import { CostMeter, type Costs } from "./cost_meter.ts";
import { LoadClient, openAll } from "./load_client.ts";
import { nowMs, Recorder } from "./recorder.ts";
import { Schedule } from "./schedule.ts";
import { tokensFor } from "./tokens.ts";

const IDLE = 2000;
const PLAYERS = 100;
const SECONDS = 8;
const IDLE_SECONDS = 20;
const AT_ONCE = 20;

await using servers = new AsyncDisposableStack();
const monitor = freePort();
const redis = servers.use(await startRedis());
const nats = servers.use(await startNats({ config: `http: "127.0.0.1:${monitor}"` }));
const rest = servers.use(await startRedisRest({ redisUrl: redis.url }));
const gateway = servers.use(
  await startGateway({
    backends: { restUrl: rest.url, restToken: rest.token, natsUrl: nats.url },
    env: {
      RATE_LIMIT_MESSAGES: "0",
      PRESENCE_AUTO_SUBSCRIBE: "none",
      MAX_CONNECTIONS: "100000",
    },
  }),
);
const meter = new CostMeter({
  processes: { gateway, "redis-server": redis, "redis_rest": rest, "nats-server": nats },
  gatewayUrl: gateway.url,
  natsMonitorUrl: `http://127.0.0.1:${monitor}`,
});
const recorder = new Recorder();
const table: (readonly [string, Costs])[] = [];

/** Clients of users `NAME0` and on. */
async function playersOf(name: string, count: number): Promise<LoadClient[]> {
  const userIds = Array.from({ length: count }, (_, index) => `${name}${index}`);
  const tokens = await tokensFor(userIds, gateway.url, undefined);
  return userIds.map((userId, index) =>
    new LoadClient({
      ...{ index, userId, url: gateway.wsUrl, token: tokens[index] ?? "", isBatching: true },
      ...{ recorder, listener: { onNotification() {} } },
    })
  );
}

function add(what: string, costs: Costs, operations: number): void {
  table.push([what, new Map([...costs].map(([name, cost]) => [name, cost / operations]))]);
}

/** Measures `act`, done so often a second by the players in turn. */
async function phase(
  what: string,
  players: readonly LoadClient[],
  perSecond: number,
  act: (player: LoadClient, turn: number, atMs: number) => void,
): Promise<void> {
  const costs = await meter.during(async () => {
    const schedule = new Schedule(nowMs(), perSecond, SECONDS * 1000);
    while (!schedule.isDone) {
      for (let slot = schedule.take(nowMs()); slot; slot = schedule.take(nowMs())) {
        const player = players[slot.index % players.length];
        if (player !== undefined) act(player, Math.floor(slot.index / players.length), slot.atMs);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await until(() => players.every(({ outstanding }) => outstanding === 0), { what: "answers" });
  });
  add(what, costs, perSecond * SECONDS);
}

async function usedMemory(): Promise<number> {
  const info = await firstReply(redis.port, "used_memory_human", "INFO memory\r\n");
  return Number(/used_memory:(\d+)/.exec(info)?.[1]);
}

const idle = await playersOf("idle", IDLE);
const emptyRss = await meter.restingRss("gateway");
const emptyRedis = await usedMemory();
add("connect", await meter.during(() => openAll(idle, AT_ONCE)), IDLE);
const fullRss = await meter.restingRss("gateway");
const fullRedis = await usedMemory();
add(
  `${IDLE} idle, each second`,
  await meter.during(() => new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000))),
  IDLE_SECONDS,
);
add(
  "leave",
  await meter.during(async () => {
    await Promise.all(idle.map((client) => client.leave()));
    const isEmpty = async () =>
      (await (await fetch(`${gateway.url}/metrics`)).text())
        .includes("\nwaygate_presence_sessions 0\n");
    await until(isEmpty, { what: "everyone's leave" });
  }),
  IDLE,
);
const players = await playersOf("player", PLAYERS);
await openAll(players, AT_ONCE);
await phase("ping", players, 4000, (player, _, atMs) => {
  player.call("ping", "system.ping", "{}", atMs, {});
});
await phase("event to a user", players, 500, (player, turn, atMs) => {
  const to = { user_id: `player${(player.index + 1) % PLAYERS}` };
  const params = { to, type: "shot", payload: { turn } };
  player.call("send", "player.sendEvent", JSON.stringify(params), atMs, {});
});
await phase("presence change, seen by nobody", players, 250, (player, turn, atMs) => {
  const status = ["away", "busy", "online"][turn % 3];
  player.call("presence", "player.updateStatus", JSON.stringify({ status }), atMs, {});
});
await Promise.all(
  players.map((player) => player.ask("player.updateLocation", { location: "arena" })),
);
await phase(`event to a location of ${PLAYERS}`, players, 50, (player, turn, atMs) => {
  const params = { to: { location: "arena" }, type: "shot", payload: { turn } };
  player.call("send", "player.sendEvent", JSON.stringify(params), atMs, {});
});
await Promise.all(players.map((player) => player.ask("presence.subscribe", { all: true })));
await phase(`presence change, seen by ${PLAYERS}`, players, 250, (player, turn, atMs) => {
  const status = ["away", "busy", "online"][turn % 3];
  player.call("presence", "player.updateStatus", JSON.stringify({ status }), atMs, {});
});
await Promise.all(players.map((player) => player.leave()));

const names = table[0]?.[1].keys() ?? [];
console.log(`| each | ${table.map(([what]) => what).join(" | ")} |`);
console.log(`| --- |${" ---: |".repeat(table.length)}`);
for (const name of names) {
  const cells = table.map(([, costs]) => (costs.get(name) ?? NaN).toFixed(2));
  console.log(`| ${name} | ${cells.join(" | ")} |`);
}
const perConnection = (fullRss - emptyRss) / IDLE / 1024;
console.log(
  `\nGateway: ${(emptyRss / 1e6).toFixed(0)} MB, and ${perConnection.toFixed(1)} KiB a connection`,
);
console.log(`Redis: ${((fullRedis - emptyRedis) / IDLE).toFixed(0)} bytes a connection`);
console.log(`Errors: ${JSON.stringify(recorder.take().errors)}`);
