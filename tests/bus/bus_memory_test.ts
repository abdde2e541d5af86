import assert from "node:assert/strict";
import type { Bus } from "../../src/bus/bus.ts";
import { createMemoryBus, createMemoryExchange, type MemoryBus } from "../../src/bus/bus_memory.ts";
import { busConformance, type BusPlace } from "../conformance/bus.ts";

busConformance("memory bus", () => Promise.resolve(openPlace()));

Deno.test("createMemoryBus() makes buses that do not reach each other", async () => {
  const [a, b] = [createMemoryBus(), createMemoryBus()];
  const heard: string[] = [];
  b.subscribe(">", ({ data }) => void heard.push(data));
  a.publish("s", "x");
  await a.flush();
  await b.flush();
  assert.deepEqual(heard, []);
});

Deno.test("disconnect() cuts one bus off while the others go on", async () => {
  const exchange = createMemoryExchange();
  const [a, b, c] = [exchange.connect(), exchange.connect(), exchange.connect()];
  const heard = [a, b, c].map((bus) => record(bus, "s"));

  b.disconnect();
  b.disconnect();
  a.publish("s", "from a");
  b.publish("s", "from b");
  await a.flush();
  assert.deepEqual(heard, [["from a"], [], ["from a"]]);
  assert.deepEqual([a.status, b.status], ["connected", "disconnected"]);

  b.reconnect();
  b.reconnect();
  b.publish("s", "back");
  await b.flush();
  assert.deepEqual(heard, [["from a", "back"], ["back"], ["from a", "back"]]);
});

Deno.test("a bus that was cut off neither hears, answers nor counts as a responder", async () => {
  const exchange = createMemoryExchange();
  const [a, b] = [exchange.connect(), exchange.connect()];
  const heard = record(b, "s");
  let answerLate = () => {};
  b.subscribe("rpc", (message) => answerLate = () => message.respond("late"));

  a.publish("s", "under way");
  const asked = a.request("rpc", "", { timeoutMs: 20 });
  await a.flush();
  assert.deepEqual(heard, ["under way"]);
  a.publish("s", "lost on the way");
  b.disconnect();
  answerLate();
  await assert.rejects(asked, { reason: "timeout" });
  assert.deepEqual(heard, ["under way"]);
  await assert.rejects(a.request("rpc", "", { timeoutMs: 20 }), { reason: "no_responders" });
});

Deno.test("reconnect() does not bring back a bus that was closed", async () => {
  const bus = createMemoryExchange().connect();
  await bus.close();
  bus.reconnect();
  assert.equal(bus.status, "disconnected");
});

function openPlace(): BusPlace {
  const exchange = createMemoryExchange();
  const buses: MemoryBus[] = [];
  return {
    prefix: "test",
    connect() {
      const bus = exchange.connect();
      buses.push(bus);
      return Promise.resolve(bus);
    },
    cut() {
      for (const bus of buses) bus.disconnect();
      return Promise.resolve();
    },
    mend() {
      for (const bus of buses) bus.reconnect();
      return Promise.resolve();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(buses.map((bus) => bus.close()));
    },
  };
}

function record(bus: Bus, pattern: string): string[] {
  const heard: string[] = [];
  bus.subscribe(pattern, ({ data }) => void heard.push(data));
  return heard;
}
