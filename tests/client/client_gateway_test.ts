/** The client against a real gateway, a process of its own. */
import assert from "node:assert/strict";
import { type ClientOptions, WaygateClient } from "../../src/client/client.ts";
import { until } from "../support/wait.ts";
import { type GatewayServer, startGateway, type TokenRequest } from "./support/gateway_server.ts";
import { TcpRelay } from "./support/tcp_relay.ts";

/** A client that is taken down with its test. */
class Player extends WaygateClient implements AsyncDisposable {
  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect();
  }
}

Deno.test("players see each other come, change and leave", async () => {
  await using gateway = await startGateway();
  await using ada = await connected(gateway, { sub: "ada", name: "Ada" });
  const snapshot = await ada.presence.subscribe();
  assert.deepEqual(snapshot.map(({ user_id }) => user_id), ["ada"]);
  await using bob = await connected(gateway, { sub: "bob" });
  await seen(ada, "bob", (presence) => presence?.status === "online");
  await bob.call("player.updatePresence", { status: "busy", location: "zone:a" });
  await seen(ada, "bob", (presence) => presence?.location === "zone:a");
  await bob.presence.subscribe({ users: ["ada", "nobody"] });
  assert.equal(bob.presence.get("ada")?.name, "Ada");
  assert.equal(bob.presence.get("nobody")?.last_seen, null);
  await bob.disconnect();
  await until(() => !ada.presence.users().has("bob"), { what: "bob to leave" });
  assert.equal(ada.presence.get("bob")?.status, "offline");
});

Deno.test("calls, errors and events go through", async () => {
  await using gateway = await startGateway();
  await using ada = await connected(gateway, { sub: "ada" });
  await using bob = await connected(gateway, { sub: "bob" });
  const events: string[] = [];
  bob.on("player.event", ({ from, type }) => events.push(`${from} ${type}`));
  const types = ["a", "b", "c", "d"];
  await Promise.all(types.map((type) => {
    return ada.call("player.sendEvent", { to: { user_id: "bob" }, type });
  }));
  await until(() => events.length === 4, { what: "the events" });
  assert.deepEqual(events, ["ada a", "ada b", "ada c", "ada d"]);
  await assert.rejects(ada.call("presence.get", { user_ids: [] }), { code: -32602 });
  await assert.rejects(ada.call("system.kick", { user_id: "bob" }), { code: -32002 });
  assert.equal((await ada.call("rpc.discover"))["openrpc"], "1.3.2");
  await until(() => ada.latencyMs !== null, { what: "the latency" });
});

Deno.test("a gateway that was killed is found again, with the right players", async () => {
  await using gateway = await startGateway();
  await using ada = await connected(gateway, { sub: "ada" });
  await using bob = await connected(gateway, { sub: "bob" });
  const gone = await connected(gateway, { sub: "gone" });
  await ada.presence.subscribe();
  await ada.call("player.updateStatus", { status: "away" });
  await until(() => ada.presence.users().size === 3, { what: "three players" });
  await gateway.kill();
  await until(() => ada.state === "reconnecting", { what: "the loss" });
  await gone.disconnect();
  await gateway.restart();
  await until(() => ada.presence.synced && bob.state === "connected", {
    what: "both to be back",
    timeoutMs: 20_000,
  });
  await until(() => [...ada.presence.users().keys()].sort().join() === "ada,bob", {
    what: "ada and bob in the view",
  });
  await until(async () => {
    const { presences } = await bob.call("presence.get", { user_ids: ["ada"] });
    return presences[0]?.status === "away";
  }, { what: "ada to be away again" });
});

Deno.test("a gateway that restarts says when to come back", async () => {
  await using gateway = await startGateway({ DRAIN_MS: "500" });
  await using ada = await connected(gateway, { sub: "ada" });
  const shutdown = new Promise<number>((resolve) => {
    ada.once("system.shutdown", ({ reconnect_after_ms }) => resolve(reconnect_after_ms));
  });
  const restarted = gateway.restart();
  await until(() => ada.state === "reconnecting", { what: "the drain" });
  const leftAt = Date.now();
  assert.equal(ada.reason?.code, "server_restart");
  assert.ok((ada.reason?.retryAtMs ?? 0) - leftAt >= await shutdown - 500);
  await restarted;
  await until(() => ada.state === "connected", { what: "ada to be back", timeoutMs: 30_000 });
});

Deno.test("events that a broken connection missed come once, in order", async () => {
  await using gateway = await startGateway({ HEARTBEAT_INTERVAL_MS: "1000" });
  await using relay = new TcpRelay(gateway.port);
  await using ada = await connected(gateway, { sub: "ada" });
  await using bob = await connected(gateway, { sub: "bob" }, {
    url: `ws://127.0.0.1:${relay.port}/ws`,
  });
  const types: string[] = [];
  let gaps = 0;
  bob.on("player.event", ({ type }) => types.push(type));
  bob.on("gap", () => gaps++);
  const send = (type: string) => ada.call("player.sendEvent", { to: { user_id: "bob" }, type });
  await send("before");
  await until(() => types.length === 1, { what: "the first event" });
  relay.block();
  await send("missed 1");
  await send("missed 2");
  await until(() => bob.state === "reconnecting", { what: "the loss" });
  assert.equal(bob.reason?.code, "heartbeat_lost");
  relay.unblock();
  await until(() => bob.state === "connected", { what: "bob to be back", timeoutMs: 20_000 });
  await send("after");
  await until(() => types.includes("after"), { what: "the last event" });
  assert.deepEqual(types, ["before", "missed 1", "missed 2", "after"]);
  assert.equal(gaps, 0);
});

Deno.test("a connection that breaks for a moment shows nobody a flicker", async () => {
  await using gateway = await startGateway({ PRESENCE_GRACE_MS: "3000" });
  await using relay = new TcpRelay(gateway.port);
  await using ada = await connected(gateway, { sub: "ada" });
  await using bob = await connected(gateway, { sub: "bob" }, {
    url: `ws://127.0.0.1:${relay.port}/ws`,
  });
  await bob.call("player.updatePresence", { status: "busy", location: "zone:a" });
  await ada.presence.subscribe();
  const told: string[] = [];
  ada.on("presence.updated", ({ presences }) => {
    for (const { user_id, status, location } of presences) {
      if (user_id === "bob") told.push(`${status} ${location}`);
    }
  });
  const before = bob.welcome?.session_id;
  relay.cut();
  await until(() => bob.state === "connected" && bob.welcome?.session_id !== before, {
    what: "bob to be back",
  });
  await bob.call("player.updateStatus", { status: "away" });
  await until(() => told.includes("away zone:a"), { what: "the change after" });
  assert.deepEqual(
    new Set(told),
    new Set(["busy zone:a", "away zone:a"]).intersection(new Set(told)),
  );
  assert.ok(!told.some((text) => text.startsWith("offline") || text.endsWith("null")), `${told}`);
});

Deno.test("a frozen gateway is noticed within two heartbeat intervals", async () => {
  await using gateway = await startGateway({ HEARTBEAT_INTERVAL_MS: "2000" });
  await using ada = await connected(gateway, { sub: "ada" });
  const frozenAt = performance.now();
  gateway.suspend();
  await until(() => ada.state === "reconnecting", { what: "the loss" });
  const tookMs = performance.now() - frozenAt;
  assert.equal(ada.reason?.code, "heartbeat_lost");
  assert.ok(tookMs < 4_000, `${tookMs} ms`);
  gateway.resume();
  await until(() => ada.state === "connected", { what: "ada to be back", timeoutMs: 20_000 });
});

Deno.test("a short-lived token is refreshed on the same connection", async () => {
  await using gateway = await startGateway();
  let tokens = 0;
  await using ada = new Player({
    url: gateway.socketUrl,
    token: () => {
      tokens++;
      return gateway.token({ sub: "ada", ttl_s: 2 });
    },
  });
  const states: string[] = [];
  ada.on("state", ({ state }) => states.push(state));
  await ada.connect();
  await until(() => tokens === 4, { what: "three refreshes", timeoutMs: 15_000 });
  await ada.call("system.ping");
  assert.deepEqual(states, ["connecting", "connected"]);
});

Deno.test("a refused token closes a client that has no other", async () => {
  await using gateway = await startGateway();
  await using ada = new Player({ url: gateway.socketUrl, token: "not.really.signed" });
  await assert.rejects(ada.connect(), /Your sign-in was not accepted. Sign in again/);
  assert.equal(ada.reason?.code, "unauthorized");
  assert.equal(ada.reason?.closeCode, 4401);
  assert.match(ada.reason?.detail ?? "", /^unauthorized: malformed$/);
});

Deno.test("a kicked player stays away and reads why", async () => {
  await using gateway = await startGateway();
  await using admin = await connected(gateway, { sub: "admin", scope: "admin" });
  await using bob = await connected(gateway, { sub: "bob" });
  await admin.call("system.kick", { user_id: "bob", reason: "be nice" });
  await until(() => bob.state === "closed", { what: "bob to be out" });
  assert.equal(bob.reason?.message, "You were removed from the game: be nice");
});

Deno.test("the oldest of too many sessions stays away", async () => {
  await using gateway = await startGateway({ MAX_SESSIONS_PER_USER: "1" });
  await using first = await connected(gateway, { sub: "ada" });
  await using second = await connected(gateway, { sub: "ada" });
  await until(() => first.state === "closed", { what: "the first to be out" });
  assert.equal(first.reason?.code, "session_limit");
  assert.equal(second.state, "connected");
});

async function connected(
  gateway: GatewayServer,
  identity: TokenRequest,
  options: Partial<ClientOptions> = {},
): Promise<Player> {
  const token = (): Promise<string> => gateway.token(identity);
  const player = new Player({ url: gateway.socketUrl, token, ...options });
  await player.connect();
  return player;
}

function seen(
  player: Player,
  userId: string,
  is: (presence: ReturnType<Player["presence"]["get"]>) => boolean,
): Promise<boolean> {
  return until(() => is(player.presence.users().get(userId)), { what: `${userId} to be seen so` });
}
