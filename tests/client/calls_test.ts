import assert from "node:assert/strict";
import { ClientError, RpcError } from "../../src/client/client.ts";
import { scripted } from "./support/scripted.ts";

Deno.test("call() resolves with the result of its own request", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const first = client.call("presence.get", { user_ids: ["a"] });
  const second = client.call("presence.get", { user_ids: ["b"] });
  const [one, two] = socket.sent;
  assert.ok(one !== undefined && two !== undefined);
  assert.deepEqual(one.params, { user_ids: ["a"] });
  socket.answer(two, { presences: [2] });
  socket.answer(one, { presences: [1] });
  assert.deepEqual(await first, { presences: [1] });
  assert.deepEqual(await second, { presences: [2] });
  await client.disconnect();
});

Deno.test("call() without params sends none", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const discovering = client.call("rpc.discover");
  assert.deepEqual(Object.keys(socket.request("rpc.discover")).sort(), ["id", "jsonrpc", "method"]);
  socket.answer(socket.request("rpc.discover"), { openrpc: "1.3.2" });
  assert.deepEqual(await discovering, { openrpc: "1.3.2" });
  await client.disconnect();
});

Deno.test("call() rejects with the server's error, which says whether to retry", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const calling = client.call("player.updateStatus", { status: "away" });
  socket.refuse(socket.request("player.updateStatus"), -32003, { retry_after_ms: 70 });
  await assert.rejects(calling, (error: RpcError) => {
    assert.ok(error instanceof RpcError);
    assert.deepEqual([error.code, error.retryable, error.retryAfterMs], [-32003, true, 70]);
    return true;
  });
  await client.disconnect();
});

Deno.test("call() gives up after its time; a late answer does no harm", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const calling = client.call("rpc.discover", {}, { timeoutMs: 3_000 });
  const rejected = assert.rejects(calling, (error: ClientError) => {
    assert.deepEqual([error.code, error.sent, error.retryable], ["timeout", true, false]);
    assert.match(error.message, /No answer to rpc.discover within 3000 ms/);
    return true;
  });
  await world.pass(3_000);
  await rejected;
  socket.answer(socket.request("rpc.discover"), {});
  await world.settle();
  assert.equal(client.state, "connected");
  await client.disconnect();
});

Deno.test("call() stops waiting when its signal is aborted", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const abort = new AbortController();
  const calling = client.call("rpc.discover", {}, { signal: abort.signal });
  abort.abort();
  await assert.rejects(calling, { name: "AbortError" });
  await assert.rejects(client.call("rpc.discover", {}, { signal: abort.signal }), {
    name: "AbortError",
  });
  assert.equal(socket.sent.length, 1);
  await client.disconnect();
  assert.equal(world.timers, 0);
});

Deno.test("a request that was sent and not answered is never sent again", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const calling = client.call("player.sendEvent", { to: { user_id: "b" }, type: "pay" });
  const rejected = assert.rejects(calling, (error: ClientError) => {
    assert.deepEqual([error.code, error.sent, error.retryable], ["outcome_unknown", true, false]);
    assert.match(error.message, /may have been done or not/);
    return true;
  });
  socket.end(1006);
  await rejected;
  await world.pass(250);
  const next = await world.socket(2);
  next.greet();
  next.resume();
  await world.settle();
  assert.deepEqual(next.methods(), ["session.resume"]);
  // Nor is an answer on the new connection taken for it.
  next.answer({ id: socket.request("player.sendEvent").id ?? 0, method: "" }, {});
  await client.disconnect();
});

Deno.test("requests made while reconnecting wait, and go out in order after the resume", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  socket.end(1006);
  await world.settle();
  const first = client.call("player.updateStatus", { status: "away" });
  client.notify("player.updateLocation", { location: "zone:a" });
  const third = client.call("presence.get", { user_ids: ["a"] });
  await world.pass(250);
  const next = await world.socket(2);
  next.greet();
  assert.deepEqual(next.methods(), ["session.resume"]);
  next.resume();
  assert.deepEqual(next.methods(), [
    "session.resume",
    "player.updateStatus",
    "player.updateLocation",
    "presence.get",
  ]);
  next.answer(next.request("player.updateStatus"), { user_id: "me", version: 2 });
  next.answer(next.request("presence.get"), { presences: [] });
  assert.equal((await first).version, 2);
  assert.deepEqual(await third, { presences: [] });
  await client.disconnect();
});

Deno.test("requests made while connecting wait too", async () => {
  const world = scripted();
  const client = world.client();
  client.connect().catch(() => {});
  const calling = client.call("rpc.discover");
  const socket = await world.socket(1);
  socket.greet();
  socket.answer(socket.request("rpc.discover"), {});
  assert.deepEqual(await calling, {});
  await client.disconnect();
});

Deno.test("what waits is bounded, runs out of time, and can be aborted", async () => {
  const world = scripted();
  const { client, socket } = await world.connected({ queueLimit: 2 });
  socket.end(1012);
  await world.settle();
  const abort = new AbortController();
  const aborted = client.call("rpc.discover", {}, { signal: abort.signal });
  const slow = client.call("rpc.discover", {}, { timeoutMs: 100 });
  await assert.rejects(client.call("rpc.discover"), { code: "queue_full", retryable: true });
  assert.throws(() => client.notify("rpc.discover"), { code: "queue_full" });
  abort.abort();
  await assert.rejects(aborted, { name: "AbortError" });
  const rejected = assert.rejects(slow, { code: "timeout", sent: false, retryable: true });
  await world.pass(100);
  await rejected;
  await world.pass(150);
  const next = await world.socket(2);
  next.greet();
  next.resume();
  assert.deepEqual(next.methods(), ["session.resume"]);
  await client.disconnect();
});

Deno.test("with queueLimit 0 requests fail at once while there is no connection", async () => {
  const world = scripted();
  const { client, socket } = await world.connected({ queueLimit: 0 });
  socket.end(1006);
  await world.settle();
  await assert.rejects(client.call("rpc.discover"), { code: "not_connected", retryable: true });
  await client.disconnect();
});

Deno.test("what waits fails when the connection ends for good", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const errors: (number | string)[] = [];
  client.on("error", ({ code }) => errors.push(code));
  socket.end(1006);
  await world.settle();
  const waiting = client.call("rpc.discover");
  client.notify("rpc.discover");
  const rejected = assert.rejects(waiting, (error: ClientError) => {
    assert.equal(error.code, "closed");
    assert.equal(error.reason?.code, "kicked");
    return true;
  });
  await world.pass(250);
  (await world.socket(2)).end(4403);
  await rejected;
  assert.deepEqual(errors, ["closed"]);
});

Deno.test("call() and notify() fail at once when nobody has connected", async () => {
  const world = scripted();
  const client = world.client();
  await assert.rejects(client.call("rpc.discover"), (error: ClientError) => {
    assert.ok(error instanceof ClientError);
    assert.match(error.message, /call connect\(\) first/);
    assert.deepEqual([error.code, error.retryable], ["not_connected", false]);
    return true;
  });
  assert.throws(() => client.notify("rpc.discover"), { code: "not_connected" });
  assert.equal(world.timers, 0);
});

Deno.test("a message that the server would not take is not sent", async () => {
  const world = scripted();
  const client = world.client();
  const connecting = client.connect();
  (await world.socket(1)).greet({ max_message_bytes: 1_000 });
  await connecting;
  const socket = await world.socket(1);
  const event = (payload: string) => ({ to: { user_id: "b" }, type: "x", payload });
  await assert.rejects(client.call("player.sendEvent", event("€".repeat(330))), {
    code: "too_large",
  });
  assert.throws(() => client.notify("player.sendEvent", event("x".repeat(1_000))), {
    code: "too_large",
  });
  client.notify("player.sendEvent", event("€".repeat(290)));
  client.notify("player.sendEvent", event("x".repeat(870)));
  assert.equal(socket.sent.length, 2);
  await client.disconnect();
});

Deno.test("params that JSON cannot hold reject the call and leave nothing behind", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const endless: Record<string, never> = {};
  Object.assign(endless, { endless });
  await assert.rejects(client.call("rpc.discover", endless), TypeError);
  assert.equal(socket.sent.length, 0);
  await client.disconnect();
  assert.equal(world.timers, 0);
});

Deno.test("gathered frames are taken apart, whatever they hold", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const levels: string[] = [];
  client.on("system.announcement", ({ level }) => levels.push(level));
  const calling = client.call("rpc.discover");
  const { id } = socket.request("rpc.discover");
  socket.frame(JSON.stringify([
    { jsonrpc: "2.0", method: "system.announcement", params: { seq: 1, level: "info" } },
    { jsonrpc: "2.0", id, result: { openrpc: "1" } },
    { jsonrpc: "2.0", method: "system.announcement", params: { seq: 2, level: "critical" } },
  ]));
  assert.deepEqual(levels, ["info", "critical"]);
  assert.deepEqual(await calling, { openrpc: "1" });
  await client.disconnect();
});

Deno.test("what is not in the protocol is told and does not disturb", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const errors: [unknown, string][] = [];
  client.on("error", ({ code, message }) => errors.push([code, message]));
  socket.frame("{");
  socket.frame(new ArrayBuffer(1));
  socket.frame("[1]");
  socket.tell("presence.updated", { presences: null });
  socket.frame(JSON.stringify({ jsonrpc: "2.0", id: 999_999, result: {} }));
  socket.frame(JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32700, message: "P" } }));
  assert.deepEqual(errors.map(([code]) => code), [
    "bad_message",
    "bad_message",
    "bad_message",
    "bad_message",
    -32700,
  ]);
  assert.equal(client.state, "connected");
  await client.disconnect();
});

Deno.test("a notification of the game's own has an event for all such", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const others: unknown[] = [];
  client.on("notification", (other) => others.push(other));
  socket.tell("inventory.changed", { slot: 3 });
  socket.tell("toString", {});
  assert.deepEqual(others, [
    { method: "inventory.changed", params: { slot: 3 } },
    { method: "toString", params: {} },
  ]);
  await client.disconnect();
});

Deno.test("what is called on a connection that is closing waits within the limit", async () => {
  const world = scripted();
  const { client, socket } = await world.connected({ queueLimit: 1 });
  socket.readyState = 2;
  const waiting = client.call("rpc.discover");
  await assert.rejects(client.call("rpc.discover"), { code: "queue_full" });
  const rejected = assert.rejects(waiting, { code: "closed" });
  socket.end(1000);
  await rejected;
  const strict = await world.connected({ queueLimit: 0 });
  strict.socket.readyState = 2;
  await assert.rejects(strict.client.call("rpc.discover"), { code: "not_connected" });
  strict.socket.end(1000);
});

Deno.test("what waits goes out as it was when it was called", async () => {
  const world = scripted();
  const client = world.client();
  const connecting = client.connect();
  const params = { to: { user_id: "b" }, type: "pay", payload: 1 };
  client.notify("player.sendEvent", params);
  params.payload = 2;
  client.notify("player.sendEvent", params);
  const socket = await world.socket(1);
  socket.greet();
  await connecting;
  assert.deepEqual(
    socket.sent.map((message) => (message.params as typeof params).payload),
    [1, 2],
  );
  await client.disconnect();
});

Deno.test("what is called while what waited goes out comes after it", async () => {
  const world = scripted();
  const client = world.client();
  const connecting = client.connect();
  client.notify("player.updateLocation", { location: "a" });
  client.notify("player.updateLocation", { location: "b" });
  const trace = client.on("message", ({ direction }) => {
    if (direction === "in") return;
    trace();
    client.notify("player.updateLocation", { location: "c" });
  });
  const socket = await world.socket(1);
  socket.greet();
  await connecting;
  assert.deepEqual(
    socket.sent.map(({ params }) => (params as { location: string }).location),
    ["a", "b", "c"],
  );
  await client.disconnect();
});

Deno.test("many requests that wait are given up about as fast as they were made", async () => {
  const spentMs = await costOfGivingUp(16_000);
  // Were each looked for among all of them, it would be ten times as long as it takes.
  assert.ok(spentMs < 4_000, `${spentMs} ms`);
});

/** How long it takes, in ms, until this many requests that wait have run out of time. */
async function costOfGivingUp(count: number): Promise<number> {
  const world = scripted();
  const client = world.client({ queueLimit: count });
  const timers: (() => void)[] = [];
  world.setTimer = (run) => {
    timers.push(run);
    return () => {};
  };
  client.connect().catch(() => {});
  await world.settle();
  timers.length = 0;
  const calls = Array.from({ length: count }, () => client.call("rpc.discover"));
  const startedAt = performance.now();
  for (const run of timers) run();
  const spentMs = performance.now() - startedAt;
  const outcomes = await Promise.allSettled(calls);
  assert.ok(outcomes.every(({ status }) => status === "rejected"));
  await client.disconnect();
  return spentMs;
}
