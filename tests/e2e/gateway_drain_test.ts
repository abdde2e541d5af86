import { strict as assert } from "node:assert";
import type { Presence } from "../../src/protocol/presence.ts";
import { sharedBackends } from "../support/backends.ts";
import { type GameClient, HandshakeError } from "../support/game_client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { until } from "../support/wait.ts";
import { Cluster, player } from "./gateway_cluster.ts";

const { natsUrl } = await sharedBackends();

async function players(gateway: GatewayProcess, count: number): Promise<GameClient[]> {
  return await Promise.all(
    Array.from({ length: count }, () => player(gateway, `user-${crypto.randomUUID()}`)),
  );
}

/** Checks that each client is told to come back, not all at once; gives how long it took, in ms. */
async function seenOff(clients: readonly GameClient[], startedAt: number): Promise<number> {
  const ends = await Promise.all(clients.map((client) => client.closed));
  const tookMs = performance.now() - startedAt;
  assert.deepEqual(new Set(ends.map(({ code }) => code)), new Set([1012]));
  const waitsMs = clients.map((client) => {
    const told = client.all("system.shutdown");
    assert.equal(told.length, 1);
    assert.equal(client.received.at(-1)?.method, "system.shutdown");
    assert.ok((told[0]?.reason ?? "").length > 0);
    return told[0]?.reconnect_after_ms ?? NaN;
  });
  assert.ok(waitsMs.every((ms) => Number.isInteger(ms) && ms > 0 && ms < 60_000));
  assert.ok(new Set(waitsMs).size > clients.length / 2, "they do not come back at once");
  return tookMs;
}

Deno.test("SIGTERM sees 50 clients off, the other region sees them offline, and it ends with 0", async () => {
  await using cluster = await Cluster.start({ natsUrl });
  await using watcher = await player(cluster.us, "watcher");
  const clients = await players(cluster.eu, 50);
  const newest = () => {
    const shown = new Map<string, Presence>();
    for (const { presences } of watcher.all("presence.updated")) {
      for (const presence of presences) shown.set(presence.user_id, presence);
    }
    return [...shown.values()].filter(({ user_id }) => user_id !== "watcher");
  };
  await until(() => newest().length === 50, { what: "all to be seen online" });
  const startedAt = performance.now();
  const stopped = cluster.eu.stop();
  const closedMs = await seenOff(clients, startedAt);
  await until(() => newest().every(({ status }) => status === "offline"), {
    what: "all to be seen offline",
    timeoutMs: 2000,
  });
  const offlineMs = performance.now() - startedAt;
  assert.equal(await stopped, 0);
  console.log(`  closed in ${closedMs.toFixed(0)} ms, offline in ${offlineMs.toFixed(0)} ms`);
  const { total } = await watcher.call<{ total: number }>("presence.list");
  assert.equal(total, 1);
});

Deno.test("SIGTERM sees hundreds of clients off", async () => {
  await using gateway = await startGateway();
  const clients: GameClient[] = [];
  for (let batch = 0; batch < 8; batch++) clients.push(...await players(gateway, 50));
  const startedAt = performance.now();
  const stopped = gateway.stop();
  const closedMs = await seenOff(clients, startedAt);
  assert.equal(await stopped, 0);
  console.log(`  400 clients closed in ${closedMs.toFixed(0)} ms`);
});

Deno.test("a reader that does not read holds up nobody", async () => {
  await using gateway = await startGateway({ env: { RATE_LIMIT_MESSAGES: "0" } });
  const reader = await player(gateway, "reader");
  const clients = await players(gateway, 5);
  const [writer] = clients as [GameClient];
  reader.socket.pause();
  const event = { to: { user_id: "reader" }, type: "big", payload: "x".repeat(50_000) };
  // More than the kernel takes, and less than the limit.
  for (let sent = 0; sent < 100; sent++) await writer.call("player.sendEvent", event);
  const startedAt = performance.now();
  assert.equal(await gateway.stop(), 0);
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs < 3000, `ended after ${tookMs} ms`);
  await seenOff(clients, startedAt);
  reader.socket.resume();
  assert.ok([1006, 1012].includes((await reader.closed).code));
});

Deno.test("a Redis that hangs holds up the drain for DRAIN_MS at most", async () => {
  await using cluster = await Cluster.start({ natsUrl, env: { DRAIN_MS: "1500" } });
  const clients = await players(cluster.eu, 5);
  cluster.rest.suspend();
  const startedAt = performance.now();
  const stopped = cluster.eu.stop();
  await seenOff(clients, startedAt);
  assert.equal(await stopped, 0);
  const tookMs = performance.now() - startedAt;
  cluster.rest.resume();
  assert.ok(tookMs < 4000, `ended after ${tookMs} ms`);
});

Deno.test("DRAIN_MS=0 still says goodbye", async () => {
  await using gateway = await startGateway({ env: { DRAIN_MS: "0" } });
  const clients = await players(gateway, 5);
  const startedAt = performance.now();
  assert.equal(await gateway.stop(), 0);
  await seenOff(clients, startedAt);
});

Deno.test("a node that drains turns newcomers away and says that it is not ready", async () => {
  await using cluster = await Cluster.start({ natsUrl, env: { DRAIN_MS: "3000" } });
  await using _watcher = await player(cluster.us, "watcher");
  const clients = await players(cluster.eu, 5);
  cluster.rest.suspend();
  const startedAt = performance.now();
  const stopped = cluster.eu.stop();
  await seenOff(clients, startedAt);
  await assert.rejects(player(cluster.eu, "late"), (error) => {
    assert.ok(error instanceof HandshakeError, String(error));
    assert.equal(error.status, 503);
    assert.match(error.headers.get("retry-after") ?? "", /^\d+$/);
    return true;
  });
  const ready = await fetch(`${cluster.eu.url}/readyz`);
  assert.equal(ready.status, 503);
  assert.ok("draining" in (await ready.json()).error.data);
  const healthy = await fetch(`${cluster.eu.url}/healthz`);
  assert.equal(healthy.status, 200);
  await healthy.body?.cancel();
  cluster.rest.resume();
  assert.equal(await stopped, 0);
});
