import { strict as assert } from "node:assert";
import { z } from "zod";
import { Backlog } from "../../src/gateway/backlog.ts";
import { defineMethod } from "../../src/gateway/method.ts";
import { until } from "../support/wait.ts";
import { type LinkedConnection, openLinked } from "./linked_connection.ts";

const params = z.object({ pad: z.string().optional() });
const result = z.unknown();
const echo = defineMethod({ params, result, handler: ({ pad = "" }) => pad });
const late = defineMethod({ params, result, handler: () => Promise.resolve("late") });
const call = (method: string, params = {}) => ({ jsonrpc: "2.0", id: 1, method, params });

function fail(): never {
  throw new Error("The test says so");
}

/** The client is told to come back, and the connection is over for everybody else. */
async function assertBroken({ client, connection, ends }: LinkedConnection): Promise<void> {
  await until(() => client.closed !== undefined, { what: "the close frame" });
  assert.deepEqual(client.closed, { code: 1011, reason: "internal error" });
  assert.equal(connection.isOver, true);
  assert.equal(ends.length, 1);
}

for (const method of ["echo", "late"]) {
  Deno.test(`a connection on which no answer can be sent is closed with 1011: ${method}`, async () => {
    using linked = openLinked({ methods: { echo, late } });
    linked.socket.send = fail;
    linked.client.send(call(method));
    await assertBroken(linked);
  });

  Deno.test(`a failure after the answer closes the connection with 1011: ${method}`, async () => {
    using linked = openLinked({ methods: { echo, late } });
    linked.connection.afterReply(fail);
    linked.client.send(call(method));
    await assertBroken(linked);
    assert.equal(linked.client.messages.length, 1, "the answer itself");
  });
}

Deno.test("a failure at the first message closes the connection with 1011", async () => {
  using linked = openLinked({ methods: { echo }, host: { onFirstMessage: fail } });
  linked.client.send(call("echo"));
  await assertBroken(linked);
});

Deno.test("a connection that fails when its backlog is looked at takes no other along", async () => {
  const backlog = new Backlog();
  let isBroken = false;
  const host = {
    backlog,
    onCaughtUp: () => {
      if (isBroken) fail();
    },
  };
  using broken = openLinked({ methods: { echo }, host });
  using healthy = openLinked({ methods: { echo }, host: { backlog } });
  isBroken = true;
  for (const { client } of [broken, healthy]) {
    client.pause();
    // Beyond what a socket is given at once.
    for (let n = 0; n < 4; n++) client.send(call("echo", { pad: "x".repeat(50_000) }));
  }
  assert.equal(backlog.size, 2);
  for (const { client } of [broken, healthy]) client.read();
  await until(() => healthy.client.frames.length === 4, { what: "what the other is owed" });
  await assertBroken(broken);
  assert.equal(healthy.connection.isOver, false);
});

Deno.test("one message alone may wait, however large a legal message is", () => {
  const host = { maxMessageBytes: 16 * 1024 * 1024 };
  using linked = openLinked({ methods: { echo }, isOpen: false, host });
  linked.client.send(call("echo", { pad: "x".repeat(9 * 1024 * 1024) }));
  assert.equal(linked.connection.isOver, false);
  linked.connection.open();
  assert.equal(linked.client.messages[0]?.["error"], undefined);
});

Deno.test("last words are counted as messages sent", () => {
  using linked = openLinked();
  linked.connection.close(4403, "kicked", '{"method":"system.error"}');
  assert.equal(linked.client.frames.length, 1);
  assert.equal(linked.counters.messagesSent, 1);
});
