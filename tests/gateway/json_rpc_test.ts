import { strict as assert } from "node:assert";
import { z } from "zod";
import { defineMethod } from "../../src/gateway.ts";
import type { RpcError } from "../../src/protocol/errors.ts";
import type { GameClient } from "../support/game_client.ts";
import { until } from "../support/wait.ts";
import { FURTHER_EXAMPLES, SPECIFICATION_EXAMPLES } from "./json_rpc_examples.ts";
import { serveGateway } from "./local_gateway.ts";
import { Heard, specMethods } from "./spec_methods.ts";

const UNLIMITED = { RATE_LIMIT_MESSAGES: "0", PRESENCE_AUTO_SUBSCRIBE: "none" };
const SUBPROTOCOLS = ["waygate.v1", "waygate.v1.batch"];

/** Sends a frame and gives the frames that came before the answer to a request sent after it. */
async function answersTo(client: GameClient, sent: string): Promise<string[]> {
  const before = client.frames.length;
  client.sendRaw(sent);
  // What answers a batch has a frame of its own, so this one is never gathered with others.
  client.send([{ jsonrpc: "2.0", id: "end", method: "system.ping" }]);
  await client.reply("end");
  return client.frames.slice(before, -1);
}

for (const subprotocol of SUBPROTOCOLS) {
  Deno.test(`JSON-RPC 2.0 is answered as specified to ${subprotocol}`, async (test) => {
    const heard = new Heard();
    await using local = await serveGateway({ env: UNLIMITED, methods: specMethods(heard) });
    await using client = await local.player("ann", { protocols: [subprotocol] });
    for (const { name, sent, reply } of [...SPECIFICATION_EXAMPLES, ...FURTHER_EXAMPLES]) {
      await test.step(name, async () => {
        const frames = await answersTo(client, sent);
        assert.deepEqual(
          frames.map((frame) => JSON.parse(frame)),
          reply === undefined ? [] : [reply],
        );
      });
    }
    await test.step("every notification was heard once", () => {
      assert.deepEqual(heard.calls, [
        { method: "update", params: { values: [1, 2, 3, 4, 5] } },
        { method: "notify_hello", params: { value: 7 } },
        { method: "notify_hello", params: { value: 7 } },
      ]);
    });
  });
}

Deno.test("an integer id beyond 2^53 is echoed digit by digit", async () => {
  await using local = await serveGateway({ env: UNLIMITED, methods: specMethods() });
  await using client = await local.player("ann");
  const id = "9223372036854775807";
  const call = `{"jsonrpc":"2.0","method":"sum","params":{"values":[],"id":-${id}},"id":${id}}`;
  const [single] = await answersTo(client, call);
  assert.equal(single, `{"jsonrpc":"2.0","id":${id},"result":0}`);
  const [batch] = await answersTo(client, `[${call},${call.replace("sum", "nothing")}]`);
  assert.equal(batch?.split(`"id":${id},`).length, 3);
});

for (const subprotocol of SUBPROTOCOLS) {
  Deno.test(`500 pipelined requests are answered in order to ${subprotocol}`, async () => {
    const soon = defineMethod({
      params: z.object({ n: z.number() }),
      result: z.number(),
      handler: async ({ n }) => {
        // Later ones would overtake earlier ones if they ran side by side.
        await new Promise((resolve) => setTimeout(resolve, n % 3));
        return n;
      },
    });
    const now = defineMethod({ ...soon, handler: ({ n }) => n });
    await using local = await serveGateway({ env: UNLIMITED, methods: { soon, now } });
    await using client = await local.player("ann", { protocols: [subprotocol] });
    const numbers = Array.from({ length: 500 }, (_, n) => n);
    for (const n of numbers) {
      const method = n % 7 === 0 ? "soon" : "now";
      client.send({ jsonrpc: "2.0", id: n, method, params: { n } });
    }
    await client.reply(499);
    const replies = client.received.filter((message) => message.result !== undefined);
    assert.deepEqual(replies.map((message) => message.id), numbers);
    assert.deepEqual(replies.map((message) => message.result), numbers);
    if (subprotocol === "waygate.v1") assert.ok(client.frames.every((frame) => frame[0] === "{"));
    else assert.ok(client.frames.length < 400, `${client.frames.length} frames`);
  });
}

Deno.test("a client of gathered frames receives what a plain one does, in the same order", async () => {
  const methods = specMethods();
  await using local = await serveGateway({ env: UNLIMITED, methods });
  const script = [...SPECIFICATION_EXAMPLES, ...FURTHER_EXAMPLES].map(({ sent }) => sent);
  const contents: unknown[] = [];
  for (const subprotocol of SUBPROTOCOLS) {
    await using client = await local.player("ann", { protocols: [subprotocol] });
    for (const sent of script) client.sendRaw(sent);
    client.send({ jsonrpc: "2.0", id: "end", method: "get_data" });
    await client.reply("end");
    contents.push(client.received.slice(1));
  }
  assert.deepEqual(contents[1], contents[0]);
});

Deno.test("the array that answers a batch has a frame of its own among gathered ones", async () => {
  await using local = await serveGateway({ env: UNLIMITED, methods: specMethods() });
  await using client = await local.player("ann", { protocols: ["waygate.v1.batch"] });
  const call = (id: number) => ({ jsonrpc: "2.0", id, method: "get_data" });
  for (let round = 0; round < 20; round++) {
    for (const message of [call(1), call(2), [call(3), call(4)], call(5), call(6)]) {
      client.send(message);
    }
  }
  client.send(call(7));
  await client.reply(7);
  const ids = client.received.slice(1).map((message) => message.id);
  assert.deepEqual(ids, [...Array.from({ length: 20 }, () => [1, 2, 3, 4, 5, 6]).flat(), 7]);
  const frames = client.frames.map((frame) => JSON.parse(frame));
  const answers = frames.filter((frame) => Array.isArray(frame) && frame[0].id === 3);
  assert.deepEqual(answers.map((frame) => frame.length), Array(20).fill(2));
});

Deno.test("positional params are refused with an issue", async () => {
  await using local = await serveGateway({ env: UNLIMITED, methods: specMethods() });
  await using client = await local.player("ann");
  for (const params of [[42, 23], []]) {
    await assert.rejects(client.call("subtract", params), (error: RpcError) => {
      assert.equal(error.code, -32602);
      assert.deepEqual(Object.keys(error.data as object), ["issues"]);
      return true;
    });
  }
});

Deno.test("invalid params are refused with the path of each issue", async () => {
  const placed = defineMethod({
    params: z.object({ at: z.array(z.object({ x: z.number() })), name: z.string() }),
    result: z.null(),
    handler: () => null,
  });
  await using local = await serveGateway({ env: UNLIMITED, methods: { placed } });
  await using client = await local.player("ann");
  await assert.rejects(
    client.call("placed", { at: [{ x: 1 }, { x: "1" }] }),
    (error: RpcError) => {
      assert.equal(error.message, "Invalid params");
      const { issues } = error.data as { issues: { path: unknown; message: string }[] };
      assert.deepEqual(issues.map((issue) => issue.path), [["at", 1, "x"], ["name"]]);
      assert.ok(issues.every(({ message }) => message.length > 0));
      return true;
    },
  );
  client.notify("placed", { at: 1 });
  assert.equal((await client.call<{ server_time: string }>("system.ping")).server_time.length, 24);
  assert.equal(client.received.length, 3, "the notification was not answered");
});

Deno.test("a batch may have MAX_BATCH calls and no more", async () => {
  const env = { ...UNLIMITED, MAX_BATCH: "3" };
  await using local = await serveGateway({ env, methods: specMethods() });
  await using client = await local.player("ann");
  const calls = [1, 2, 3, 4].map((id) => ({ jsonrpc: "2.0", id, method: "get_data" }));
  const [three] = await answersTo(client, JSON.stringify(calls.slice(0, 3)));
  assert.deepEqual(JSON.parse(three ?? "").map((reply: { id: number }) => reply.id), [1, 2, 3]);
  const [four] = await answersTo(client, JSON.stringify(calls));
  const { id, error } = JSON.parse(four ?? "");
  assert.deepEqual({ id, code: error.code, data: error.data }, {
    id: null,
    code: -32600,
    data: { max_batch: 3 },
  });
});

Deno.test("a batch over MAX_BATCH is told the limit, also by the rate limit", async () => {
  const env = { RATE_LIMIT_MESSAGES: "1", RATE_LIMIT_BURST: "1", MAX_BATCH: "3" };
  await using local = await serveGateway({ env });
  await using client = await local.player("ann");
  await client.call("system.ping");
  client.send(Array.from({ length: 4 }, (_, id) => ({ jsonrpc: "2.0", id, method: "x" })));
  const { error } = await client.reply(null);
  assert.deepEqual([error?.code, error?.data], [-32600, { max_batch: 3 }]);
});

Deno.test("each call of a refused batch counts towards the flood", async () => {
  const env = { RATE_LIMIT_MESSAGES: "1", RATE_LIMIT_BURST: "1" };
  await using local = await serveGateway({ env });
  await using client = await local.player("ann");
  const batch = Array.from({ length: 50 }, () => ({ jsonrpc: "2.0", method: "system.ping" }));
  for (let count = 0; count < 9; count++) client.send(batch);
  client.send({ jsonrpc: "2.0", id: "still here", method: "system.ping" });
  assert.equal((await client.reply("still here")).error?.code, -32003);
  for (let count = 0; count < 3; count++) client.send(batch);
  const why = await until(() => client.all("system.error")[0], { what: "the goodbye" });
  assert.equal((why.data as { close_code: number }).close_code, 4429);
});

Deno.test("deeply nested params are answered, and nothing breaks", async () => {
  await using local = await serveGateway({ env: UNLIMITED });
  await using client = await local.player("ann");
  const nested = `${"[".repeat(30_000)}${"]".repeat(30_000)}`;
  const [answer] = await answersTo(
    client,
    `{"jsonrpc":"2.0","id":"deep","method":"system.ping","params":{"a":${nested}}}`,
  );
  assert.ok(answer?.endsWith(`"echo":{"a":${nested}}}}`), answer?.slice(0, 100));
  assert.deepEqual((await client.call<{ echo: unknown }>("system.ping", { a: 1 })).echo, { a: 1 });
});
