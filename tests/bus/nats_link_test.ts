/**
 * Links that break, freeze, come late or never. Where a test takes seconds, the time that NATS's client
 * needs to notice is its subject.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Bus } from "../../src/bus/bus.ts";
import { connectNatsBus } from "../../src/bus/bus_nats.ts";
import { type NatsServer, startNats } from "../support/servers/nats_server.ts";
import { until } from "../support/wait.ts";
import { openBus, reaches } from "./nats_place.ts";

const MESSAGE = "x".repeat(65_536);

Deno.test("a bus can be used before NATS is there, and joins once it is", async () => {
  await using server = await startNats({ jetstream: false });
  await server.stop();
  await using bus = openBus(server);
  const heard = record(bus, "s");
  const unwanted = bus.subscribe("s", () => assert.fail("it was ended before"));
  unwanted.unsubscribe();

  assert.equal(bus.status, "disconnected");
  bus.publish("s", "dropped");
  await assert.rejects(bus.flush(), { reason: "unavailable" });
  await assert.rejects(bus.request("s", "", { timeoutMs: 5000 }), { reason: "unavailable" });
  await server.restart();
  await bus.connection();

  assert.equal(bus.status, "connected");
  bus.publish("s", "heard");
  await until(() => heard.length > 0, { what: "the message" });
  assert.deepEqual(heard, ["heard"]);
  assert.deepEqual(bus.stats, { in: 1, out: 1, dropped: 1, reconnects: 0 });
});

Deno.test("a bus joins a server that was frozen when the bus was made", async () => {
  await using server = await startNats({ jetstream: false });
  server.suspend();
  await using bus = openBus(server);
  await assert.rejects(bus.flush(), { reason: "unavailable" });
  server.resume();
  await bus.connection();
  await bus.flush();
});

Deno.test("a bus comes back each time the server does, with its subscriptions", async () => {
  await using server = await startNats({ jetstream: false });
  await using bus = openBus(server);
  const heard = record(bus, "*.event");
  await bus.connection();

  for (const round of ["1", "2", "3"]) {
    await server.kill();
    await reaches(bus, "disconnected");
    for (let i = 0; i < 100; i++) bus.publish("s.event", "dropped");
    await server.restart();
    await reaches(bus, "connected");
    bus.publish("s.event", round);
    await until(() => heard.at(-1) === round, { what: `the message of round ${round}` });
  }

  assert.deepEqual(heard, ["1", "2", "3"]);
  assert.equal(bus.stats.reconnects, 3);
  assert.equal(bus.stats.dropped, 300);
});

Deno.test("a bus that knows several servers goes on with another one", async () => {
  await using first = await startNats({ jetstream: false });
  await using second = await startNats({ jetstream: false });
  await using bus = openBus(first, { servers: `${first.url}, ${second.url}` });
  const heard = record(bus, "s");
  const { port } = (await bus.connection()).info ?? {};

  await (port === first.port ? first : second).kill();
  await reaches(bus, "disconnected");
  await reaches(bus, "connected");
  bus.publish("s", "on the other one");

  await until(() => heard.length > 0, { what: "the message" });
});

Deno.test("a bus under load survives the server's death", async () => {
  await using server = await startNats({ jetstream: false });
  await using bus = openBus(server);
  record(bus, "s");
  await bus.connection();
  const load = setInterval(() => {
    for (let i = 0; i < 50; i++) bus.publish("s", MESSAGE);
  }, 2);
  try {
    await until(() => bus.stats.in > 200, { what: "traffic" });
    await server.kill();
    await reaches(bus, "disconnected");
    await server.restart();
    await reaches(bus, "connected");
    const before = bus.stats.in;
    await until(() => bus.stats.in > before + 200, { what: "traffic after the restart" });
  } finally {
    clearInterval(load);
  }
});

for (const kind of ["url", "websocketUrl"] as const) {
  Deno.test(`a frozen server is noticed and left, however much waits for it (${kind})`, async () => {
    await using first = await startNats({ jetstream: false, websocket: true });
    await using second = await startNats({ jetstream: false, websocket: true });
    await using bus = openBus(first, { servers: `${first[kind]},${second[kind]}` });
    const heard = record(bus, "back");
    const connection = await bus.connection();
    const frozen = first[kind]?.endsWith(connection.getServer()) ? first : second;

    frozen.suspend();
    const startedAt = performance.now();
    await sendUntilLost(bus);
    const noticedMs = performance.now() - startedAt;
    assert.ok(noticedMs < 6000, `it took ${noticedMs} ms`);
    assert.ok(bus.stats.out * MESSAGE.length <= 33 * 1_048_576, "it sent on and on");
    assert.ok(bus.stats.dropped > 0);

    await reaches(bus, "connected");
    bus.publish("back", "");
    await until(() => heard.length > 0, { what: "the message" });
  });
}

Deno.test("close() of a bus that never reached NATS ends it at once", async () => {
  await using server = await startNats({ jetstream: false });
  await server.stop();
  const bus = connectNatsBus({ servers: server.url, name: "test" });
  const connection = bus.connection();
  await endsSoon(bus);
  await assert.rejects(connection, { reason: "unavailable" });
  await server.restart();
  await assert.rejects(bus.connection(), { reason: "unavailable" });
});

Deno.test("close() in an outage ends the bus at once", async () => {
  await using server = await startNats({ jetstream: false });
  const bus = connectNatsBus({ servers: server.url, name: "test" });
  await bus.connection();
  await server.kill();
  await reaches(bus, "disconnected");
  await endsSoon(bus);
});

for (const kind of ["url", "websocketUrl"] as const) {
  Deno.test(`close() waits no longer than its limit for a frozen server (${kind})`, async () => {
    await using server = await startNats({ jetstream: false, websocket: true });
    const bus = connectNatsBus({ servers: server[kind] ?? "", name: "test" });
    await bus.connection();
    await fill(bus, server);
    const startedAt = performance.now();
    await bus.close();
    const elapsedMs = performance.now() - startedAt;
    assert.ok(elapsedMs < 3500, `it took ${elapsedMs} ms`);
  });
}

/** Freezes the server and leaves more behind than the system's buffers hold. */
async function fill(bus: Bus, server: NatsServer): Promise<void> {
  server.suspend();
  for (let i = 0; i < 300; i++) bus.publish("s", MESSAGE);
  await new Promise((resolve) => setTimeout(resolve, 0));
}

async function sendUntilLost(bus: Bus): Promise<void> {
  await until(() => {
    for (let i = 0; i < 50; i++) bus.publish("s", MESSAGE);
    return bus.status === "disconnected";
  }, { what: "the bus to notice", timeoutMs: 15_000 });
}

async function endsSoon(bus: Bus): Promise<void> {
  const startedAt = performance.now();
  await bus.close();
  const elapsedMs = performance.now() - startedAt;
  assert.ok(elapsedMs < 1000, `it took ${elapsedMs} ms`);
  assert.equal(bus.status, "disconnected");
}

function record(bus: Bus, pattern: string): string[] {
  const heard: string[] = [];
  bus.subscribe(pattern, ({ data }) => void heard.push(data));
  return heard;
}
