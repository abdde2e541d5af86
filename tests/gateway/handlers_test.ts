import { strict as assert } from "node:assert";
import { z } from "zod";
import { defineMethod, type MethodContext, type MethodTable, RpcError } from "../../src/gateway.ts";
import { Router } from "../../src/gateway/router.ts";
import { Counters } from "../../src/telemetry/counters.ts";
import { until } from "../support/wait.ts";
import { serveGateway } from "./local_gateway.ts";

type Handler = (params: Record<string, unknown>, context: MethodContext) => unknown;

function method(handler: Handler) {
  return defineMethod({
    params: z.record(z.string(), z.unknown()),
    result: z.unknown(),
    handler,
  });
}

const circular: Record<string, unknown> = {};
circular["self"] = circular;

/** Handlers as a hasty game might write them, and the code of the answer. */
const BROKEN: Readonly<Record<string, { handler: Handler; code: number }>> = {
  "throws an error": { handler: () => fail(new TypeError("secret")), code: -32603 },
  "throws a string": { handler: () => fail("secret"), code: -32603 },
  "throws undefined": { handler: () => fail(undefined), code: -32603 },
  "throws an object without a prototype": {
    handler: () => fail(Object.create(null)),
    code: -32603,
  },
  "rejects": { handler: () => Promise.reject(new Error("secret")), code: -32603 },
  "rejects with null": { handler: () => Promise.reject(null), code: -32603 },
  "gives a circle": { handler: () => circular, code: -32603 },
  "gives a bigint": { handler: () => 1n, code: -32603 },
  "resolves with a circle": { handler: () => Promise.resolve(circular), code: -32603 },
  "throws at serialization": {
    handler: () => ({ toJSON: () => fail(new Error("secret")) }),
    code: -32603,
  },
  "throws an error whose data is a circle": {
    handler: () => fail(new RpcError(1234, circular as never)),
    code: -32603,
  },
  "rejects with an error whose data is a circle": {
    handler: () => Promise.reject(new RpcError(1234, circular as never)),
    code: -32603,
  },
  "notifies a circle": { handler: (_, { notify }) => notify("x", circular), code: -32603 },
};

function fail(error: unknown): never {
  throw error;
}

Deno.test("a broken handler is answered with an internal error that tells nothing", async (test) => {
  const methods = Object.fromEntries(
    Object.entries(BROKEN).map(([name, { handler }]) => [name, method(handler)]),
  );
  await using local = await serveGateway({ methods, env: { RATE_LIMIT_MESSAGES: "0" } });
  await using client = await local.player("ann");
  for (const [name, { code }] of Object.entries(BROKEN)) {
    await test.step(name, async () => {
      await assert.rejects(client.call(name), (error: RpcError) => {
        assert.equal(error.code, code);
        assert.equal(error.message, "Internal error");
        assert.deepEqual(Object.keys(error.data as object), ["request_id"]);
        assert.doesNotMatch(JSON.stringify(error), /secret/);
        return true;
      });
      client.notify(name);
      client.send([{ jsonrpc: "2.0", id: name, method: name }, { jsonrpc: "2.0", method: name }]);
      assert.equal((await client.reply(name)).error?.code, code);
      await client.call("system.ping");
    });
  }
});

Deno.test("a handler's odd results become JSON", async () => {
  const odd: Record<string, { handler: Handler; result: unknown }> = {
    undefined: { handler: () => undefined, result: null },
    function: { handler: () => () => {}, result: null },
    symbol: { handler: () => Symbol("x"), result: null },
    nothing: { handler: () => ({ toJSON: () => undefined }), result: null },
    NaN: { handler: () => NaN, result: null },
    date: { handler: () => new Date(0), result: "1970-01-01T00:00:00.000Z" },
    surrogate: { handler: () => "\ud800", result: "\ud800" },
  };
  const methods = Object.fromEntries(
    Object.entries(odd).map(([name, { handler }]) => [name, method(handler)]),
  );
  await using local = await serveGateway({ methods });
  await using client = await local.player("ann");
  for (const [name, { result }] of Object.entries(odd)) {
    assert.equal(await client.call(name), result, name);
  }
});

Deno.test("a call without params is checked like any other", async () => {
  const methods = {
    "shop.plain": defineMethod({
      params: z.object({ page: z.int().optional() }),
      result: z.unknown(),
      handler: (params) => params,
    }),
    "shop.filled": defineMethod({
      params: z.object({ page: z.int().default(1) }),
      result: z.unknown(),
      handler: (params) => params,
    }),
    "shop.strict": defineMethod({
      params: z.object({ page: z.int() }),
      result: z.unknown(),
      handler: (params) => params,
    }),
  };
  await using local = await serveGateway({ methods });
  await using ann = await local.player("ann");
  assert.deepEqual(await ann.call("shop.plain", {}), {});
  assert.deepEqual(await ann.call("shop.plain", { page: 2 }), { page: 2 });
  assert.deepEqual(await ann.call("shop.filled", {}), { page: 1 });
  await assert.rejects(ann.call("shop.plain", { page: "x" }), { code: -32602 });
  await assert.rejects(ann.call("shop.strict", {}), { code: -32602 });
});

Deno.test("notify() without params sends an empty object", async () => {
  const methods = { poke: method((_, context) => context.notify("poked", undefined)) };
  await using local = await serveGateway({ methods });
  await using client = await local.player("ann");
  await client.call("poke");
  const poked = client.received.find((message) => message.method === "poked");
  assert.deepEqual(poked, { jsonrpc: "2.0", method: "poked", params: {} });
});

Deno.test("an RpcError of a handler crosses the wire as it is", async () => {
  const methods = { refuse: method(() => fail(new RpcError(4711, { why: ["x"] }, "No gold"))) };
  await using local = await serveGateway({ methods });
  await using client = await local.player("ann");
  client.send({ jsonrpc: "2.0", id: "a", method: "refuse" });
  assert.deepEqual(await client.reply("a"), {
    jsonrpc: "2.0",
    id: "a",
    error: { code: 4711, message: "No gold", data: { why: ["x"] } },
  });
});

Deno.test("Router reports the error under the id that the caller is given", () => {
  const reports: [string, unknown][] = [];
  const error = new Error("secret");
  const router = new Router({
    methods: { broken: method(() => fail(error)) },
    maxBatch: 1,
    counters: new Counters(),
    report: (requestId, reported) => reports.push([requestId, reported]),
  });
  const reply = router.handle('{"jsonrpc":"2.0","id":1,"method":"broken"}', caller());
  assert.equal(typeof reply, "string");
  assert.deepEqual(reports, [[JSON.parse(reply as string).error.data.request_id, error]]);
});

Deno.test("a method with a scope is for callers who have it", async () => {
  const methods = { rule: { ...method(() => "ruled"), scope: "king" } };
  await using local = await serveGateway({ methods });
  await using ann = await local.player("ann", { scope: "kings queen" });
  await assert.rejects(ann.call("rule"), (error: RpcError) => {
    assert.equal(error.code, -32002);
    assert.deepEqual(error.data, { required: "king" });
    return true;
  });
  await using bob = await local.player("bob", { scope: "queen king" });
  assert.equal(await bob.call("rule"), "ruled");
});

Deno.test("signal is aborted when the client of a handler that never settles leaves", async (test) => {
  for (const leave of ["close", "abort"] as const) {
    await test.step(leave, async () => {
      const signals: AbortSignal[] = [];
      const stuck = method((_, { signal }) => {
        signals.push(signal);
        return new Promise(() => {});
      });
      await using local = await serveGateway({ methods: { stuck } });
      await using client = await local.player("ann");
      client.notify("stuck");
      client.notify("system.ping");
      await until(() => signals.length === 1, { what: "the call" });
      assert.equal(signals[0]?.aborted, false);
      if (leave === "close") await client.close();
      else client.abort();
      await until(() => signals[0]?.aborted, { what: "the abort" });
      assert.equal(local.gateway.node.hub.size, 0);
    });
  }
});

Deno.test("what a client asked for and did not wait for is not done", async () => {
  const gate = Promise.withResolvers<void>();
  const done: string[] = [];
  const methods: MethodTable = {
    wait: method(() => gate.promise),
    work: method(({ as }) => void done.push(String(as))),
  };
  await using local = await serveGateway({ methods });
  const client = await local.player("ann");
  client.send([
    { jsonrpc: "2.0", method: "work", params: { as: "first" } },
    { jsonrpc: "2.0", method: "wait" },
    { jsonrpc: "2.0", method: "work", params: { as: "rest of the batch" } },
    { jsonrpc: "2.0", method: "presence.subscribe", params: { users: ["bob"] } },
  ]);
  client.notify("work", { as: "next message" });
  await until(() => done.length === 1, { what: "the first call" });
  await client.close();
  await until(() => local.gateway.node.hub.size === 0, { what: "the end" });
  gate.resolve();
  await using other = await local.player("bob");
  await other.call("work", { as: "another client's" });
  assert.deepEqual(done, ["first", "another client's"]);
  assert.deepEqual(local.gateway.node.presence.feed.watched.users, []);
});

Deno.test("a caller of methods of the gateway's table cannot reach prototypes", async () => {
  const methods = { keys: method((params) => Object.keys(params)) };
  await using local = await serveGateway({ methods });
  await using client = await local.player("ann");
  const poison = '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}';
  for (const name of ["system.ping", "player.updatePresence", "presence.list", "keys"]) {
    client.sendRaw(`{"jsonrpc":"2.0","id":"p","method":"${name}","params":${poison}}`);
    await client.reply("p");
  }
  assert.equal(({} as Record<string, unknown>)["admin"], undefined);
});

function caller() {
  return {
    sessionId: "ws_1",
    userId: "ann",
    name: undefined,
    scopes: new Set<string>(),
    signal: new AbortController().signal,
    isOver: false,
    notify() {},
    admit: () => undefined,
  };
}
