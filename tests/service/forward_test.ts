import assert from "node:assert/strict";
import { createMemoryBus } from "../../src/bus/bus_memory.ts";
import { createSubjects } from "../../src/bus/subjects.ts";
import { createForwarder } from "../../src/service/forward.ts";
import { serveGateway } from "../gateway/local_gateway.ts";

Deno.test("createForwarder() forwards by the first part of a method, which may be the only one", () => {
  const bus = createMemoryBus();
  const subjects = createSubjects("waygate");
  const forward = createForwarder({ bus, subjects, services: ["inventory"], timeoutMs: 1000 });
  for (const method of ["inventory", "inventory.get", "inventory.slots.list"]) {
    assert.notEqual(forward(method), undefined, method);
  }
  for (const method of ["", ".inventory", "inventory.", "invent", "inventory2", "shop.inventory"]) {
    assert.equal(forward(method), undefined, method);
  }
});

Deno.test("a method of one part goes to the subject of its name", async () => {
  const bus = createMemoryBus();
  await using local = await serveGateway({ bus, env: { RPC_SERVICES: "inventory" } });
  const { natsPrefix } = local.gateway.node.config;
  bus.subscribe(createSubjects(natsPrefix).rpc("inventory"), (message) => {
    message.respond(JSON.stringify({ result: JSON.parse(message.data) }));
  });
  await using ann = await local.player("ann");
  assert.deepEqual(await ann.call("inventory", { slot: 1 }), { slot: 1 });
});
