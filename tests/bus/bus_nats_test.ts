import assert from "node:assert/strict";
import { headers } from "@nats-io/nats-core";
import type { BusMessage } from "../../src/bus/bus.ts";
import { sharedBackends } from "../support/backends.ts";
import { startNats } from "../support/servers/nats_server.ts";
import { until } from "../support/wait.ts";
import { busConformance } from "../conformance/bus.ts";
import { openBus, openNatsPlace } from "./nats_place.ts";

const { natsUrl } = await sharedBackends();

busConformance("NATS bus", ({ breakable }) => openNatsPlace(natsUrl, breakable));

Deno.test("stats count what came, went, was dropped, and how often the link was made again", async () => {
  await using server = await startNats({ jetstream: false });
  await using bus = openBus(server);
  await bus.connection();
  bus.subscribe("rpc", (message) => message.respond("yes"));

  bus.publish("rpc", "heard");
  bus.publish("nowhere", "");
  await bus.request("rpc", "", { timeoutMs: 5000 });
  assert.deepEqual(bus.stats, { in: 3, out: 4, dropped: 0, reconnects: 0 });

  await server.kill();
  await until(() => bus.status === "disconnected", { what: "the outage" });
  bus.publish("rpc", "dropped");
  bus.publish("rpc", "dropped");
  await server.restart();
  await until(() => bus.status === "connected", { what: "the end of the outage" });
  bus.publish("rpc", "heard");
  await until(() => bus.stats.in === 4, { what: "the message" });
  assert.deepEqual(bus.stats, { in: 4, out: 5, dropped: 2, reconnects: 1 });
});

Deno.test("connection() is the one that the bus uses, for JetStream and services", async () => {
  await using server = await startNats();
  await using bus = openBus(server, { name: "gateway eu-1" });
  const connection = await bus.connection();
  assert.equal(await bus.connection(), connection);

  const heard: string[] = [];
  bus.subscribe("s", ({ data }) => void heard.push(data));
  connection.publish("s", "from beneath");
  await until(() => heard.length > 0, { what: "the message" });
  assert.deepEqual(heard, ["from beneath"]);
  assert.ok(connection.info?.jetstream);
});

Deno.test("messages of foreign clients are read as they come", async () => {
  await using server = await startNats({ jetstream: false });
  await using bus = openBus(server);
  const connection = await bus.connection();
  const messages: BusMessage[] = [];
  bus.subscribe("s", (message) => messages.push(message));
  await bus.flush();

  connection.publish("s");
  connection.publish("s", new Uint8Array([0x22, 0xff, 0x22]));
  await until(() => messages.length === 2, { what: "the messages" });

  assert.deepEqual(messages.map(({ data }) => data), ["", '"\ufffd"']);
});

Deno.test("of a header given twice the last value counts, which a server adds", async () => {
  await using server = await startNats({ jetstream: false });
  await using bus = openBus(server);
  const connection = await bus.connection();
  const messages: BusMessage[] = [];
  bus.subscribe("s", (message) => messages.push(message));
  const twice = headers();
  twice.append("Nats-Sequence", "999999999");
  twice.append("Once", "1");
  twice.append("Nats-Sequence", "7");

  connection.publish("s", "", { headers: twice });
  await until(() => messages.length === 1, { what: "the message" });

  assert.deepEqual(messages[0]?.headers, { "Nats-Sequence": "7", Once: "1" });
});
