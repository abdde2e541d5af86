import assert from "node:assert/strict";
import type { ClientError, RpcError } from "../../src/client/client.ts";
import { scripted } from "./support/scripted.ts";

Deno.test("each try takes a fresh token", async () => {
  const world = scripted();
  let count = 0;
  const { client, socket } = await world.connected({
    token: () => Promise.resolve(`t.${++count}`),
  });
  socket.end(1006);
  await world.pass(250);
  (await world.socket(2)).end(1006);
  await world.pass(500);
  await world.socket(3);
  assert.deepEqual(world.sockets.map(({ protocols }) => protocols.at(-1)), [
    "bearer.t.1",
    "bearer.t.2",
    "bearer.t.3",
  ]);
  await client.disconnect();
});

Deno.test("a token function that fails twice is asked a third time, with backoff", async () => {
  const world = scripted();
  const failures = [new Error("Login server is down"), new Error("Still down")];
  const client = world.client({
    token: () => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return "t.ok";
    },
  });
  const errors: (ClientError | RpcError)[] = [];
  client.on("error", (error) => errors.push(error));
  const connecting = client.connect();
  await world.settle();
  assert.equal(client.state, "reconnecting");
  assert.equal(client.reason?.code, "token_failed");
  assert.equal(client.reason?.message, "Your sign-in could not be renewed.");
  assert.equal(client.reason?.retryAtMs, world.now() + 250);
  await world.pass(250);
  assert.equal(client.reason?.retryAtMs, world.now() + 500);
  await world.pass(500);
  (await world.socket(1)).greet();
  await connecting;
  assert.deepEqual(errors.map(({ message }) => message), [
    "The token function failed: Login server is down",
    "The token function failed: Still down",
  ]);
  assert.deepEqual(errors.map(({ code, retryable }) => [code, retryable]), [
    ["token_failed", true],
    ["token_failed", true],
  ]);
  await client.disconnect();
});

Deno.test("a token function that never answers is given up, told so, and asked again", async () => {
  const world = scripted();
  const signals: AbortSignal[] = [];
  const client = world.client({
    token: ({ signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    },
  });
  client.connect().catch(() => {});
  await world.pass(10_000);
  assert.equal(
    client.reason?.detail,
    "The token function failed: It gave no token within 10000 ms",
  );
  assert.equal(signals[0]?.aborted, true);
  await world.pass(250);
  assert.equal(signals.length, 2);
  await client.disconnect();
  assert.equal(signals[1]?.aborted, true);
  await world.settle();
  assert.equal(world.timers, 0);
});

Deno.test("a fixed token that is refused ends it, with words for the player", async () => {
  const world = scripted();
  const client = world.client();
  const connecting = client.connect();
  const socket = await world.socket(1);
  socket.open();
  socket.end(4401, "unauthorized: expired");
  await assert.rejects(connecting, /Your sign-in has expired. Sign in again/);
  assert.equal(client.reason?.code, "unauthorized");
  assert.equal(client.reason?.detail, "unauthorized: expired");
  await world.pass(600_000);
  await world.socket(1);
});

Deno.test("a token that is no JWT ends it, or is asked for again", async () => {
  const world = scripted();
  await assert.rejects(world.client({ token: "not a jwt" }).connect(), /Sign in again/);
  const client = world.client({ token: () => "" });
  client.connect().catch(() => {});
  await world.settle();
  assert.equal(client.state, "reconnecting");
  assert.equal(world.sockets.length, 0);
  await client.disconnect();
});

Deno.test("after a refusal the token function is asked at once", async () => {
  const world = scripted();
  let count = 0;
  const { client, socket } = await world.connected({ token: () => `t.${++count}` });
  socket.end(4401, "unauthorized: expired");
  await world.pass(0);
  assert.equal(client.reason?.message, "Your sign-in has expired.");
  const next = await world.socket(2);
  assert.equal(next.protocols.at(-1), "bearer.t.2");
  next.greet();
  next.resume();
  assert.equal(client.state, "connected");
  await client.disconnect();
});

Deno.test("a token function that gives the refused token again ends it, without a loop", async () => {
  const world = scripted();
  world.chance = () => 1;
  let asked = 0;
  const client = world.client({ token: () => (asked++, "t.same") });
  const connecting = client.connect();
  const socket = await world.socket(1);
  socket.open();
  const startedAt = world.now();
  socket.end(4401, "unauthorized: signature");
  const refused = assert.rejects(connecting, /Your sign-in was not accepted. Sign in again/);
  await world.pass(600_000);
  await refused;
  assert.equal(client.reason?.code, "unauthorized");
  assert.equal(asked, 5);
  // The refused token itself was never sent again.
  await world.socket(1);
  assert.ok(world.now() - startedAt >= 1000 + 2000 + 4000);
  assert.equal(world.timers, 0);
});

Deno.test("tokens that are refused one after another end it", async () => {
  const world = scripted();
  let count = 0;
  const client = world.client({ token: () => `t.${++count}` });
  const connecting = client.connect();
  const refused = assert.rejects(connecting, { code: "closed" });
  for (let tries = 1; tries <= 5; tries++) {
    const socket = await world.socket(tries);
    socket.open();
    socket.end(4401, "unauthorized: audience");
    await world.settle();
    await world.pass((client.reason?.retryAtMs ?? world.now()) - world.now());
  }
  await refused;
  assert.equal(client.state, "closed");
  assert.equal(count, 5);
});

Deno.test("a token is refreshed before it runs out, on the same connection", async () => {
  const world = scripted();
  let count = 0;
  const { client, socket } = await world.connected({ token: () => `t.${++count}` });
  socket.tell("system.token_expiring", { expires_at: "2026-01-01T00:01:00.000Z" });
  socket.tell("system.token_expiring", { expires_at: "2026-01-01T00:01:00.000Z" });
  await world.settle();
  assert.deepEqual(socket.request("auth.refresh").params, { token: "t.2" });
  assert.equal(socket.methods().filter((method) => method === "auth.refresh").length, 1);
  socket.answer(socket.request("auth.refresh"), { expires_at: "2026-01-01T01:00:00.000Z" });
  await world.pass(60_000);
  assert.equal(count, 2);
  assert.equal(client.state, "connected");
  await world.socket(1);
  await client.disconnect();
});

Deno.test("a refresh that fails, or wins no time, is tried again with backoff", async () => {
  const world = scripted();
  let count = 0;
  const { client, socket } = await world.connected({ token: () => `t.${++count}` });
  const errors: (number | string)[] = [];
  client.on("error", ({ code }) => errors.push(code));
  const expires_at = "2026-01-01T00:01:00.000Z";
  socket.tell("system.token_expiring", { expires_at });
  await world.settle();
  socket.refuse(socket.request("auth.refresh"), -32004, { part: "redis" });
  await world.pass(250);
  assert.deepEqual(socket.request("auth.refresh").params, { token: "t.3" });
  socket.answer(socket.request("auth.refresh"), { expires_at });
  await world.pass(499);
  assert.equal(count, 3);
  await world.pass(1);
  socket.answer(socket.request("auth.refresh"), { expires_at: "2026-01-01T01:00:00.000Z" });
  await world.pass(20_000);
  assert.equal(count, 4);
  assert.deepEqual(errors, [-32004, "token_failed"]);
  await client.disconnect();
  assert.equal(world.timers, 0);
});

Deno.test("a laptop that slept past its token's end gets a new one", async () => {
  const world = scripted();
  let count = 0;
  const { client, socket } = await world.connected({ token: () => `t.${++count}` });
  socket.dead = true;
  await world.suspend(8 * 3_600_000);
  await world.wake();
  await world.pass(5_000);
  assert.equal(client.reason?.code, "heartbeat_lost");
  await world.wake();
  const next = await world.socket(2);
  assert.equal(next.protocols.at(-1), "bearer.t.2");
  next.greet({ session_id: "ws_2" });
  next.resume({ resumed: false, replayed: 0 });
  assert.equal(client.state, "connected");
  await client.disconnect();
});

Deno.test("a fixed token is succeeded by the one of auth.refresh", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const refreshing = client.call("auth.refresh", { token: "h.newer.s" });
  socket.answer(socket.request("auth.refresh"), { expires_at: "2026-01-01T01:00:00.000Z" });
  await refreshing;
  socket.end(1006);
  await world.pass(250);
  assert.equal((await world.socket(2)).protocols.at(-1), "bearer.h.newer.s");
  await client.disconnect();
});

Deno.test("after 4401 the token that the connection was renewed with is not used again", async () => {
  const world = scripted();
  let token = "t.first";
  const { client, socket } = await world.connected({ token: () => token });
  token = "t.renewed";
  socket.tell("system.token_expiring", { expires_at: "2026-01-01T00:00:30.000Z" });
  await world.settle();
  socket.answer(socket.request("auth.refresh"), { expires_at: "2026-01-01T00:01:00.000Z" });
  await world.pass(60_000);
  // A function that keeps its token too long gives it once more.
  socket.end(4401, "unauthorized: expired");
  await world.pass(400);
  await world.socket(1);
  assert.equal(client.reason?.code, "unauthorized");
  token = "t.new";
  await world.pass(2_000);
  assert.equal((await world.socket(2)).protocols.at(-1), "bearer.t.new");
  await client.disconnect();
});

Deno.test("traces never show a token", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const traces: string[] = [];
  client.on("message", (trace) => traces.push(JSON.stringify(trace)));
  client.notify("auth.refresh", { token: "h.secret.s" });
  assert.equal(socket.request("auth.refresh").id, undefined);
  assert.match(traces.join(), /"out".*auth.refresh/);
  assert.doesNotMatch(traces.join(), /secret/);
  await client.disconnect();
});

Deno.test("a token function that hangs does not keep the refresh from being tried again", async () => {
  const world = scripted();
  let count = 0;
  const { client, socket } = await world.connected({
    token: () => ++count === 2 ? new Promise<string>(() => {}) : `t.${count}`,
  });
  const errors: string[] = [];
  client.on("error", ({ message }) => errors.push(message));
  socket.tell("system.token_expiring", { expires_at: "2026-01-01T00:00:30.000Z" });
  await world.pass(10_000);
  assert.deepEqual(errors, ["The token function failed: It gave no token within 10000 ms"]);
  await world.pass(250);
  assert.deepEqual(socket.request("auth.refresh").params, { token: "t.3" });
  await client.disconnect();
  assert.equal(world.timers, 0);
});

Deno.test("a clock that is set back does not make a try longer", async () => {
  const world = scripted();
  let give: (token: string) => void = () => {};
  const client = world.client({ token: () => new Promise((resolve) => give = resolve) });
  client.connect().catch(() => {});
  await world.settle();
  world.setBack(3_600_000);
  give("h.token.s");
  (await world.socket(1)).open();
  await world.pass(10_000);
  assert.equal(client.reason?.detail, "No welcome within 10000 ms");
  await client.disconnect();
});
