import { strict as assert } from "node:assert";
import { z } from "zod";
import { defineMethod } from "../../src/gateway/method.ts";
import { until } from "../support/wait.ts";
import { openLinked } from "./linked_connection.ts";

const params = z.object({ n: z.number().optional(), size: z.number().optional() });
const result = z.unknown();

const echo = defineMethod({ params, result, handler: ({ n }) => n });
const fill = defineMethod({ params, result, handler: ({ size = 0 }) => "x".repeat(size) });

/** A method that answers when the test says so. */
function gated() {
  const gates: PromiseWithResolvers<void>[] = [];
  const method = defineMethod({
    params,
    result,
    handler: async ({ n }) => {
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      await gate.promise;
      return n;
    },
  });
  return { gates, method };
}

function call(id: number, method: string, params: Record<string, unknown> = { n: id }) {
  return { jsonrpc: "2.0", id, method, params };
}

function idsOf(messages: Record<string, unknown>[]): unknown[] {
  return messages.filter((message) => "id" in message).map((message) => message["id"]);
}

Deno.test("what comes before open() waits and is then handled in order", () => {
  using linked = openLinked({ methods: { echo }, isOpen: false });
  const { client, connection } = linked;
  for (const id of [1, 2, 3]) client.send(call(id, "echo"));
  assert.deepEqual(client.frames, []);
  connection.send('{"welcome":true}');
  connection.open();
  assert.deepEqual(client.messages.map(({ id }) => id), [undefined, 1, 2, 3]);
});

Deno.test("a watcher counts as lagging until open(), which says that it has caught up", () => {
  const caughtUp: unknown[] = [];
  const host = { onCaughtUp: (connection: unknown) => caughtUp.push(connection) };
  using linked = openLinked({ isOpen: false, host });
  assert.equal(linked.connection.isLagging, true);
  linked.connection.open();
  assert.equal(linked.connection.isLagging, false);
  assert.deepEqual(caughtUp, [linked.connection]);
});

Deno.test("a synchronous method is answered in the same turn", () => {
  using linked = openLinked({ methods: { echo } });
  linked.client.send(call(1, "echo"));
  assert.deepEqual(linked.client.messages, [{ jsonrpc: "2.0", id: 1, result: 1 }]);
});

Deno.test("requests wait for the one before them", async () => {
  const { gates, method } = gated();
  using linked = openLinked({ methods: { wait: method, echo } });
  const { client } = linked;
  client.send(call(1, "wait"));
  client.send(call(2, "echo"));
  client.send(call(3, "wait"));
  client.send([call(4, "echo"), call(5, "wait"), call(6, "echo")]);
  assert.equal(gates.length, 1, "one at a time");
  assert.deepEqual(client.frames, []);
  gates[0]?.resolve();
  await until(() => gates.length === 2, { what: "the second" });
  assert.deepEqual(idsOf(client.messages), [1, 2]);
  gates[1]?.resolve();
  await until(() => gates.length === 3, { what: "the third" });
  gates[2]?.resolve();
  await until(() => client.messages.length === 6, { what: "all" });
  assert.deepEqual(idsOf(client.messages), [1, 2, 3, 4, 5, 6]);
});

Deno.test("an end is told once, whoever ends it and however often", async (test) => {
  const ways = {
    "the client closes": (linked: ReturnType<typeof openLinked>) => linked.client.close(1001),
    "the socket breaks": (linked: ReturnType<typeof openLinked>) => linked.client.drop(),
    "the gateway closes": (linked: ReturnType<typeof openLinked>) =>
      linked.connection.close(4403, "kicked"),
    "the heart stops": (linked: ReturnType<typeof openLinked>) =>
      linked.connection.close(4410, "heartbeat lost"),
  };
  const expected = [
    { code: 1001, isClean: true },
    { code: 1006, isClean: false },
    { code: 4403, isClean: true },
    { code: 4410, isClean: false },
  ];
  for (const [index, [name, end]] of Object.entries(ways).entries()) {
    await test.step(name, async () => {
      using linked = openLinked();
      end(linked);
      linked.connection.close(1000, "again");
      linked.client.drop();
      linked.connection.onEnd({ code: 1006, isClean: false });
      assert.deepEqual(linked.ends, [expected[index]]);
      assert.equal(linked.connection.isOver, true);
      assert.equal(linked.connection.signal.aborted, true);
      await until(() => linked.client.closed !== undefined, { what: "the close frame" });
    });
  }
});

Deno.test("fail() says why before it closes, and nothing is handled meanwhile", async () => {
  const handled: unknown[] = [];
  const note = defineMethod({ params, result, handler: ({ n }) => void handled.push(n) });
  using linked = openLinked({ methods: { note } });
  const { client, connection } = linked;
  connection.close(4403, "kicked: enough", '{"last":"word"}');
  client.send(call(1, "note"));
  assert.deepEqual(client.frames, ['{"last":"word"}']);
  assert.equal(client.closed, undefined, "it reads on, so that the close frame is not lost");
  await until(() => client.closed !== undefined, { what: "the close frame" });
  assert.deepEqual(client.closed, { code: 4403, reason: "kicked: enough" });
  assert.deepEqual(handled, []);
});

Deno.test("a peer that does not answer a close frame is terminated", async () => {
  using linked = openLinked();
  linked.client.pause();
  linked.connection.close(1012, "restart");
  await until(() => linked.socket.isTerminated, { what: "the end", timeoutMs: 8000 });
  assert.deepEqual(linked.ends, [{ code: 1012, isClean: true }]);
});

Deno.test("MAX_MESSAGE_BYTES counts bytes of UTF-8", async (test) => {
  const limit = 200;
  const base = JSON.stringify(call(1, "echo", { n: 1, pad: "" })).length;
  for (const letter of ["x", "é", "€", "😀"]) {
    const letterBytes = new TextEncoder().encode(letter).length;
    await test.step(`${letterBytes} bytes a letter`, async () => {
      using linked = openLinked({ methods: { echo }, host: { maxMessageBytes: limit } });
      const { client } = linked;
      const fits = Math.floor((limit - base) / letterBytes);
      const rest = (limit - base) % letterBytes;
      const pad = letter.repeat(fits) + "x".repeat(rest);
      client.send(call(1, "echo", { n: 1, pad }));
      assert.deepEqual(client.messages, [{ jsonrpc: "2.0", id: 1, result: 1 }]);
      client.send(call(2, "echo", { n: 1, pad: `${pad}x` }));
      client.send(call(3, "echo"));
      assert.deepEqual(client.messages[1], {
        jsonrpc: "2.0",
        id: null,
        error: {
          code: -32005,
          message: "Message too large",
          data: { max_message_bytes: limit },
        },
      });
      await until(() => client.closed !== undefined, { what: "the close frame" });
      assert.equal(client.closed?.code, 1009);
      assert.equal(client.messages.length, 2);
    });
  }
});

Deno.test("a message that is too large waits for the answers before it", async () => {
  const { gates, method } = gated();
  using linked = openLinked({ methods: { wait: method }, host: { maxMessageBytes: 200 } });
  const { client } = linked;
  client.send(call(1, "wait"));
  client.sendRaw("x".repeat(1000));
  assert.deepEqual(linked.ends, []);
  gates[0]?.resolve();
  await until(() => client.closed !== undefined, { what: "the close frame" });
  assert.deepEqual(client.messages.map(({ id, error }) => [id, error !== undefined]), [
    [1, false],
    [null, true],
  ]);
});

Deno.test("a binary message closes with 1003", async () => {
  using linked = openLinked();
  linked.client.sendBinary();
  await until(() => linked.client.closed !== undefined, { what: "the close frame" });
  assert.equal(linked.client.closed?.code, 1003);
});

Deno.test("a client that pipelines more than can wait is closed as flooding", async () => {
  const { method } = gated();
  using linked = openLinked({ methods: { wait: method } });
  for (let id = 0; id < 10_000 && linked.ends.length === 0; id++) {
    linked.client.send(call(id, "wait"));
  }
  assert.equal(linked.ends[0]?.code, 4429);
  await until(() => linked.client.closed !== undefined, { what: "the close frame" });
});

Deno.test("a slow reader is closed with 4408 once SEND_QUEUE_BYTES are unread", async () => {
  const sendQueueBytes = 100_000;
  using linked = openLinked({ host: { sendQueueBytes } });
  const { client, connection, socket } = linked;
  client.pause();
  const message = JSON.stringify("é".repeat(500));
  const bytes = new TextEncoder().encode(message).length;
  let sent = 0;
  while (linked.ends.length === 0) {
    assert.ok(connection.outbox.unreadBytes <= sendQueueBytes);
    assert.ok(socket.bufferedBytes < sendQueueBytes / 2 + bytes, "the engine holds little");
    connection.send(message);
    sent++;
  }
  assert.ok(Math.abs(sent * bytes - sendQueueBytes) <= 2 * bytes, `closed after ${sent * bytes}`);
  assert.deepEqual(linked.ends, [{ code: 4408, isClean: true }]);
  assert.ok(connection.outbox.unreadBytes < sendQueueBytes, "what it will not read is dropped");
  client.read();
  await until(() => client.closed !== undefined, { what: "the close frame" });
  assert.equal(client.closed?.code, 4408);
  const last = JSON.parse(client.frames.at(-1) ?? "");
  assert.deepEqual([last.method, last.params.data.close_code], ["system.error", 4408]);
});

Deno.test("a client that asks for more than SEND_QUEUE_BYTES at once gets it as it reads", async () => {
  using linked = openLinked({ methods: { fill, echo }, host: { sendQueueBytes: 200_000 } });
  const { client, connection } = linked;
  client.pause();
  for (let id = 0; id < 100; id++) client.send(call(id, "fill", { size: 20_000 }));
  client.send(call(100, "echo"));
  assert.ok(connection.outbox.unreadBytes < 200_000);
  client.read();
  await until(() => client.frames.length === 101, { what: "all replies" });
  assert.deepEqual(idsOf(client.messages), Array.from({ length: 101 }, (_, id) => id));
  assert.deepEqual(linked.ends, []);
  client.send(call(101, "echo"));
  assert.equal(client.frames.length, 102, "and then it is answered at once again");
});

Deno.test("a client that asks on and never reads is closed with 4408", async () => {
  using linked = openLinked({ methods: { fill }, host: { sendQueueBytes: 200_000 } });
  const { client, connection } = linked;
  client.pause();
  for (let id = 0; id < 10_000 && linked.ends.length === 0; id++) {
    client.send(call(id, "fill", { size: 20_000 }));
    assert.ok(connection.outbox.unreadBytes < 200_000);
  }
  assert.deepEqual(linked.ends, [{ code: 4408, isClean: true }]);
  client.read();
  await until(() => client.closed !== undefined, { what: "the close frame" });
});

Deno.test("a reader that is behind gets everything in order once it reads", async () => {
  using linked = openLinked({ methods: { fill } });
  const { client } = linked;
  client.pause();
  for (let id = 0; id < 100; id++) client.send(call(id, "fill", { size: 5000 }));
  assert.equal(linked.connection.isLagging, true);
  client.read();
  await until(() => client.frames.length === 100, { what: "all replies" });
  assert.deepEqual(idsOf(client.messages), Array.from({ length: 100 }, (_, id) => id));
  await until(() => linked.backlog.size === 0, { what: "the pump to rest" });
  assert.equal(linked.connection.isLagging, false);
});

Deno.test("one answer that is larger than SEND_QUEUE_BYTES is sent all the same", async () => {
  using linked = openLinked({ methods: { fill }, host: { sendQueueBytes: 10_000 } });
  linked.client.send(call(1, "fill", { size: 50_000 }));
  await until(() => linked.client.frames.length === 1, { what: "the answer" });
  assert.deepEqual(linked.ends, []);
});

for (const isBatching of [false, true]) {
  Deno.test(`order is kept across notifications and replies, ${isBatching ? "gathered" : "plain"}`, async () => {
    const poke = defineMethod({
      params,
      result,
      handler: ({ n }, { notify }) => {
        notify("before", { n });
        return n;
      },
    });
    using linked = openLinked({ methods: { poke }, isBatching });
    const { client, connection } = linked;
    connection.notify("first", {});
    client.send(call(1, "poke"));
    client.send([call(2, "poke"), call(3, "poke")]);
    connection.notify("last", {});
    await until(() => client.messages.length === 8, { what: "everything" });
    assert.deepEqual(client.messages.map(({ id, method }) => id ?? method), [
      ...["first", "before", 1, "before", "before", 2, 3, "last"],
    ]);
    const frames = client.frames.map((frame) => JSON.parse(frame));
    if (!isBatching) assert.equal(frames.filter(Array.isArray).length, 1);
    else assert.equal(frames.length, 3, "gathered, the answer to the batch, and the rest");
  });
}
