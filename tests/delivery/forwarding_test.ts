import assert from "node:assert/strict";
import { createMemoryBus } from "../../src/bus/bus_memory.ts";
import { createSubjects } from "../../src/bus/subjects.ts";
import { readConfig } from "../../src/config.ts";
import { serveGateway } from "../gateway/local_gateway.ts";
import { until } from "../support/wait.ts";

Deno.test("a call to another service is given up as soon as its client has gone", async () => {
  const bus = createMemoryBus();
  const { natsPrefix } = readConfig({}, { development: true });
  let calls = 0;
  bus.subscribe(createSubjects(natsPrefix).rpc("inventory.list"), () => calls++);
  const request = bus.request.bind(bus);
  const reasons: unknown[] = [];
  bus.request = (subject, data, options) => {
    const reply = request(subject, data, options);
    if (subject.endsWith("inventory.list")) reply.catch((error) => reasons.push(error));
    return reply;
  };
  const env = { RPC_SERVICES: "inventory", RPC_TIMEOUT_MS: "60000" };
  await using local = await serveGateway({ bus, env });
  const ann = await local.player("ann");
  ann.notify("inventory.list", {});
  await until(() => calls === 1, { what: "the call to arrive" });
  assert.deepEqual(reasons, []);
  ann.abort();
  await until(() => reasons.length === 1, { what: "the call to be given up" });
  await using bob = await local.player("bob");
  await bob.call("system.ping");
});
