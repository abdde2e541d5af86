import assert from "node:assert/strict";
import type { ClientError, StateChange } from "../../src/client/client.ts";
import { scripted } from "./support/scripted.ts";

Deno.test("connect() resolves with the welcome and offers gathered frames and the token", async () => {
  const world = scripted();
  const client = world.client({ url: "https://game.example/ws" });
  assert.equal(client.state, "idle");
  const connecting = client.connect();
  assert.equal(client.state, "connecting");
  const socket = await world.socket(1);
  assert.equal(socket.url, "wss://game.example/ws");
  assert.deepEqual(socket.protocols, ["waygate.v1.batch", "waygate.v1", "bearer.h.token.s"]);
  socket.open();
  assert.equal(client.state, "connecting");
  socket.greet({ session_id: "ws_a" });
  assert.equal((await connecting).session_id, "ws_a");
  assert.equal(client.state, "connected");
  assert.equal(client.welcome?.session_id, "ws_a");
  assert.equal((await client.connect()).session_id, "ws_a");
  await client.disconnect();
});

Deno.test("disconnect() says goodbye, once, and leaves nothing running", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const changes: StateChange[] = [];
  client.on("state", (change) => changes.push(change));
  await client.disconnect();
  await client.disconnect();
  assert.equal(socket.closedWith, 1000);
  assert.deepEqual(changes.map(({ state, previous }) => [previous, state]), [
    ["connected", "closed"],
  ]);
  assert.equal(client.reason?.code, "disconnected");
  await world.pass(600_000);
  assert.equal(world.sockets.length, 1);
  assert.deepEqual([world.timers, world.wakers], [0, 0]);
});

Deno.test("disconnect() does not wait for a server that never answers", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  socket.dead = true;
  const disconnecting = client.disconnect();
  await world.pass(2_000);
  await disconnecting;
  assert.equal(world.timers, 0);
});

const COMES_BACK: [code: number, reason: string][] = [
  [1001, "server_restart"],
  [1005, "connection_lost"],
  [1006, "connection_lost"],
  [1011, "server_error"],
  [1012, "server_restart"],
  [1013, "connection_lost"],
  [4408, "slow_reader"],
  [4410, "heartbeat_lost"],
  [4429, "flooding"],
];
for (const [code, reason] of COMES_BACK) {
  Deno.test(`close ${code} brings the client back by itself`, async () => {
    const world = scripted();
    const { client, socket } = await world.connected();
    socket.end(code);
    await world.settle();
    assert.equal(client.state, "reconnecting");
    assert.equal(client.reason?.code, reason);
    assert.equal(client.reason?.closeCode, code);
    assert.equal(client.reason?.attempt, 1);
    assert.equal(client.reason?.retryAtMs, world.now() + 250);
    await world.pass(249);
    await world.socket(1);
    await world.pass(1);
    assert.equal(client.reason?.retryAtMs, undefined);
    (await world.socket(2)).greet({ session_id: "ws_2" });
    (await world.socket(2)).resume();
    assert.equal(client.state, "connected");
    assert.equal(client.reason, null);
    await client.disconnect();
  });
}

const STAYS_AWAY: [code: number, reason: string][] = [
  [1000, "ended_by_server"],
  [1003, "incompatible"],
  [1009, "too_large"],
  [4403, "kicked"],
  [4409, "session_limit"],
];
for (const [code, reason] of STAYS_AWAY) {
  Deno.test(`close ${code} is final`, async () => {
    const world = scripted();
    const { client, socket } = await world.connected();
    socket.end(code);
    await world.settle();
    assert.equal(client.state, "closed");
    assert.equal(client.reason?.code, reason);
    assert.equal(client.reason?.closeCode, code);
    assert.match(client.reason?.message ?? "", /^[A-Z].+\.$/);
    await world.wake();
    await world.pass(600_000);
    await world.socket(1);
    assert.deepEqual([world.timers, world.wakers], [0, 0]);
  });
}

Deno.test("connect() rejects with the reason when coming back is pointless", async () => {
  const world = scripted();
  const client = world.client();
  const connecting = client.connect();
  const socket = await world.socket(1);
  socket.open();
  socket.end(4403, "kicked: be nice");
  await assert.rejects(connecting, (error: ClientError) => {
    assert.equal(error.code, "closed");
    assert.equal(error.reason?.code, "kicked");
    assert.equal(error.message, "You were removed from the game: be nice");
    return true;
  });
});

Deno.test("a server whose runtime had no answer to its ping is told from one that restarts", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  socket.end(1001, "No response from ping frame.");
  await world.settle();
  assert.equal(client.reason?.code, "heartbeat_lost");
  assert.equal(client.state, "reconnecting");
  await client.disconnect();
});

Deno.test("a lost close frame is made up for by system.error", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const errors: Error[] = [];
  client.on("error", (error) => errors.push(error));
  socket.tell("system.error", {
    code: -32002,
    message: "Forbidden",
    data: { close_code: 4403, reason: "spam" },
  });
  socket.end(1006);
  await world.settle();
  assert.equal(client.state, "closed");
  assert.equal(client.reason?.code, "kicked");
  assert.equal(client.reason?.closeCode, 4403);
  assert.deepEqual(errors.map(({ message }) => message), ["Forbidden"]);
});

Deno.test("a close frame that did arrive counts more than system.error", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  socket.tell("system.error", { code: -32003, message: "x", data: { close_code: 4403 } });
  socket.end(4429);
  await world.settle();
  assert.equal(client.reason?.code, "flooding");
  await client.disconnect();
});

Deno.test("a server that cannot be reached is tried again, ever more seldom", async () => {
  const world = scripted();
  world.chance = () => 1;
  const client = world.client();
  const reasons: (string | undefined)[] = [];
  client.on("state", ({ reason }) => reasons.push(reason?.code));
  client.connect().catch(() => {});
  const startedAt = world.now();
  const times: number[] = [];
  for (let tries = 1; tries <= 9; tries++) {
    (await world.socket(tries)).end(1006);
    await world.settle();
    times.push(world.now() - startedAt);
    await world.pass((client.reason?.retryAtMs ?? 0) - world.now());
  }
  assert.deepEqual(times.map((time, index) => time - (times[index - 1] ?? 0)).slice(1), [
    500,
    1000,
    2000,
    4000,
    8000,
    16_000,
    20_000,
    20_000,
  ]);
  assert.deepEqual(new Set(reasons), new Set([undefined, "unreachable"]));
  await client.disconnect();
});

Deno.test("a server that accepts and closes at once does not make a tight loop", async () => {
  const world = scripted();
  let seed = 1;
  world.chance = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  const client = world.client();
  client.connect().catch(() => {});
  const endsAt = world.now() + 600_000;
  let tries = 0;
  while (world.now() < endsAt) {
    const socket = await world.socket(++tries);
    socket.greet();
    socket.end(1011);
    await world.settle();
    await world.pass((client.reason?.retryAtMs ?? 0) - world.now());
  }
  // At the limit it is a try in ten seconds on average.
  assert.ok(tries > 30 && tries < 90, `${tries} tries in ten minutes`);
  await client.disconnect();
});

Deno.test("the backoff starts anew only after a connection that was stable", async () => {
  const world = scripted();
  world.chance = () => 1;
  const { client, socket } = await world.connected();
  socket.end(1006);
  await world.pass(500);
  const short = await world.socket(2);
  short.greet();
  short.resume();
  await world.pass(9_999);
  short.end(1006);
  await world.settle();
  assert.equal(client.reason?.attempt, 2);
  await world.pass(1000);
  const stable = await world.socket(3);
  stable.greet();
  stable.resume();
  await world.pass(10_000);
  stable.end(1006);
  await world.settle();
  assert.equal(client.reason?.attempt, 1);
  assert.equal(client.reason?.retryAtMs, world.now() + 500);
  await client.disconnect();
});

Deno.test("reconnect_after_ms is kept, whatever wakes the tab", async () => {
  const world = scripted();
  world.chance = () => 1;
  const { client, socket } = await world.connected();
  socket.tell("system.shutdown", { reason: "restart", reconnect_after_ms: 4_000 });
  socket.end(1012);
  await world.settle();
  assert.equal(client.reason?.retryAtMs, world.now() + 4_500);
  await world.pass(3_999);
  await world.wake();
  await world.socket(1);
  await world.pass(1);
  await world.wake();
  await world.socket(2);
  await client.disconnect();
});

Deno.test("clients of a node that goes come back spread over its window", async () => {
  const world = scripted();
  world.chance = Math.random;
  const windowMs = 10_000;
  const clients = [];
  for (let index = 0; index < 200; index++) clients.push((await world.connected()).client);
  const goneAt = world.now();
  for (const [index, socket] of world.sockets.entries()) {
    const reconnect_after_ms = Math.floor(index * windowMs / 200);
    socket.tell("system.shutdown", { reason: "restart", reconnect_after_ms });
    socket.end(1012);
  }
  await world.settle();
  const delays = clients.map(({ reason }) => (reason?.retryAtMs ?? 0) - goneAt);
  for (const [index, delay] of delays.entries()) {
    const wanted = Math.floor(index * windowMs / 200);
    assert.ok(delay >= wanted && delay <= wanted + 500, `${delay} ms instead of ${wanted}`);
  }
  const perSecond = Array.from({ length: 11 }, (_, second) => {
    return delays.filter((delay) => Math.floor(delay / 1000) === second).length;
  });
  assert.ok(Math.max(...perSecond) <= 40, `not spread: ${perSecond}`);
  await Promise.all(clients.map((client) => client.disconnect()));
});

Deno.test("a tab that wakes, and a button, do not wait for the backoff", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  socket.end(1006);
  await world.settle();
  await world.wake();
  (await world.socket(2)).end(1006);
  await world.settle();
  client.reconnectNow();
  (await world.socket(3)).end(1012);
  await world.settle();
  assert.equal(client.state, "reconnecting");
  await client.disconnect();
  client.reconnectNow();
  assert.equal(client.state, "connecting");
  (await world.socket(4)).greet();
  assert.equal(client.state, "connected");
  await client.disconnect();
});

Deno.test("connect() gives up when its signal is aborted", async () => {
  const world = scripted();
  const client = world.client();
  const abort = new AbortController();
  const connecting = client.connect({ signal: abort.signal });
  const alsoWaiting = client.connect();
  const socket = await world.socket(1);
  abort.abort(new Error("Enough"));
  await assert.rejects(connecting, /Enough/);
  await assert.rejects(alsoWaiting, /Connecting was cancelled/);
  assert.equal(client.reason?.code, "aborted");
  assert.notEqual(socket.closedWith, null);
  assert.deepEqual([world.timers, world.wakers], [0, 0]);
  await assert.rejects(client.connect({ signal: abort.signal }), /Enough/);
});

Deno.test("connect() that joins another only stops waiting when aborted", async () => {
  const world = scripted();
  const client = world.client();
  const connecting = client.connect();
  const abort = new AbortController();
  const joining = client.connect({ signal: abort.signal });
  abort.abort();
  await assert.rejects(joining, { name: "AbortError" });
  (await world.socket(1)).greet();
  await connecting;
  assert.equal(client.state, "connected");
  await client.disconnect();
});

Deno.test("a server that never greets is given up and tried again", async () => {
  const world = scripted();
  const client = world.client({ connectTimeoutMs: 3_000 });
  client.connect().catch(() => {});
  const socket = await world.socket(1);
  socket.open();
  await world.pass(3_000);
  assert.equal(client.state, "reconnecting");
  assert.equal(client.reason?.detail, "No welcome within 3000 ms");
  assert.notEqual(socket.closedWith, null);
  await world.pass(250);
  await world.socket(2);
  await client.disconnect();
});

Deno.test("a server of another protocol version is left alone", async () => {
  const world = scripted();
  const client = world.client();
  const connecting = client.connect();
  (await world.socket(1)).greet({ protocol: 2 as 1 });
  await assert.rejects(connecting, { code: "closed" });
  assert.equal(client.reason?.code, "incompatible");
});

Deno.test("nothing of an old socket reaches the client", async () => {
  const world = scripted();
  const { client, socket: old } = await world.connected();
  const events: string[] = [];
  await client.disconnect();
  const connecting = client.connect();
  const socket = await world.socket(2);
  client.on("player.event", ({ type }) => events.push(type));
  client.on("state", ({ state }) => events.push(state));
  old.greet({ session_id: "ws_old" });
  old.tell("player.event", { seq: 1, type: "old" });
  old.end(4403);
  await world.settle();
  assert.equal(client.state, "connecting");
  socket.greet({ session_id: "ws_new" });
  old.end(1006);
  assert.equal((await connecting).session_id, "ws_new");
  assert.deepEqual(events, ["connected"]);
  await client.disconnect();
});

Deno.test("a listener may end the connection that it is told of", async () => {
  const world = scripted();
  const client = world.client();
  const seen: string[] = [];
  client.on("state", ({ state }) => {
    seen.push(state);
    if (state === "connecting") client.disconnect();
  });
  await assert.rejects(client.connect(), { code: "closed" });
  assert.deepEqual(seen, ["connecting", "closed"]);
  await world.pass(60_000);
  assert.equal(world.sockets.length, 0);
});

Deno.test("a listener that ends the connection hears no more of the same frame", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const types: string[] = [];
  client.on("player.event", ({ type }) => {
    types.push(type);
    client.disconnect();
  });
  const event = (seq: number) => ({ method: "player.event", params: { seq, type: `t${seq}` } });
  socket.frame(JSON.stringify([event(1), event(2)]));
  await world.settle();
  assert.deepEqual(types, ["t1"]);
});

Deno.test("WaygateClient refuses an address that is none", () => {
  const world = scripted();
  assert.throws(() => world.client({ url: "ftp://x" }), /"ftp:\/\/x" is not an address/);
  assert.throws(() => world.client({ url: "/ws" }), /give one like wss:\/\/host\/ws/);
});

Deno.test("disconnect() that is called twice resolves twice when the socket is closed", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  socket.dead = true;
  const resolved: number[] = [];
  client.disconnect().then(() => resolved.push(1));
  client.disconnect().then(() => resolved.push(2));
  await world.settle();
  assert.deepEqual(resolved, []);
  socket.end(1000);
  await world.settle();
  assert.deepEqual(resolved, [1, 2]);
});
