import assert from "node:assert/strict";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { serveGateway } from "../gateway/local_gateway.ts";
import { connect } from "../support/game_client.ts";
import { ENGINES, startGuarded } from "./engines.ts";
import { watched } from "./watched.ts";

const LIMIT_BYTES = 65_536;

/** A ping of exactly so many bytes. */
function pingOf(bytes: number, filler = "a"): string {
  const head = '{"jsonrpc":"2.0","id":1,"method":"system.ping","params":{"x":"';
  const room = bytes - head.length - 3;
  const size = new TextEncoder().encode(filler).length;
  return `${head}${filler.repeat(Math.floor(room / size))}${"a".repeat(room % size)}"}}`;
}

/** Deep in one way or another, each within the size limit. */
const DEEP: Readonly<Record<string, string>> = {
  "32,000 arrays": "[".repeat(32_000) + "]".repeat(32_000),
  "32,000 arrays left open": "[".repeat(32_000),
  "10,000 objects": '{"a":'.repeat(10_000) + "1" + "}".repeat(10_000),
  "params 30,000 deep": `{"jsonrpc":"2.0","id":1,"method":"system.ping","params":{"a":${
    "[".repeat(30_000)
  }${"]".repeat(30_000)}}}`,
  "an event's payload 30,000 deep":
    `{"jsonrpc":"2.0","id":"n","method":"player.sendEvent","params":{"to":{"user_id":"x"},"type":"t","payload":${
      "[".repeat(30_000)
    }${"]".repeat(30_000)}}}`,
  "a long id and params 30,000 deep":
    `{"jsonrpc":"2.0","id":9007199254740993,"method":"system.ping","params":{"a":${
      "[".repeat(30_000)
    }${"]".repeat(30_000)}}}`,
  "an id 30,000 deep": `{"jsonrpc":"2.0","method":"system.ping","id":${"[".repeat(30_000)}${
    "]".repeat(30_000)
  }}`,
};

const BOMBS: Readonly<Record<string, string>> = {
  "51 calls": JSON.stringify(Array(51).fill({ jsonrpc: "2.0", id: "n", method: "system.ping" })),
  "32,000 numbers": `[${Array(32_000).fill(1).join(",")}]`,
  "batches in a batch": `[${Array(20_000).fill("[]").join(",")}]`,
  "50 large answers": JSON.stringify(
    Array.from({ length: 50 }, (_, n) => ({ jsonrpc: "2.0", id: `n${n}`, method: "rpc.discover" })),
  ),
};

for (const engine of ENGINES) {
  Deno.test(`a message is as large as allowed, or the last one, engine ${engine}`, async (t) => {
    await using gateway = await startGuarded(engine, {});
    const url = gateway.wsUrl;
    const token = await gateway.token("ann");
    await t.step("as large as allowed, also where characters take three bytes", async () => {
      await using client = await connect(url, { token });
      client.sendRaw(pingOf(LIMIT_BYTES));
      assert.equal((await client.reply(1)).error, undefined);
      client.sendRaw(pingOf(LIMIT_BYTES, "語"));
      assert.equal((await client.reply(1)).error, undefined);
    });
    for (
      const [name, message] of [
        ["a byte too many", pingOf(LIMIT_BYTES + 1)],
        ["few characters, too many bytes", pingOf(LIMIT_BYTES + 3, "語")],
        ["1 MB", pingOf(1_000_000)],
      ] as const
    ) {
      await t.step(name, async () => {
        await using client = await connect(url, { token });
        client.send({ jsonrpc: "2.0", id: 7, method: "system.ping" });
        client.sendRaw(message);
        client.send({ jsonrpc: "2.0", id: 8, method: "system.ping" });
        await client.reply(7);
        const { error } = await client.reply(null);
        assert.equal(error?.code, ErrorCode.tooLarge);
        assert.deepEqual(await client.closed, { code: 1009, reason: "message too large" });
        assert.ok(!client.received.some(({ id }) => id === 8));
      });
    }
  });

  Deno.test(`deep JSON and batch bombs get an answer, engine ${engine}`, async (t) => {
    await using gateway = await startGuarded(engine, {
      RATE_LIMIT_MESSAGES: "0",
      PRESENCE_AUTO_SUBSCRIBE: "none",
    });
    await watched(`deep JSON and batch bombs on ${engine}`, gateway, async () => {
      await using client = await connect(gateway.wsUrl, { token: await gateway.token("ann") });
      for (const [name, text] of Object.entries({ ...DEEP, ...BOMBS })) {
        await t.step(name, async () => {
          const before = client.frames.length;
          client.sendRaw(text);
          // Another answer to wait for, which comes after.
          await client.call("system.ping", {}, 10_000);
          assert.equal(client.frames.length - before, 2);
        });
      }
    });
  });

  Deno.test(`the calls of a batch count as messages, engine ${engine}`, async () => {
    await using gateway = await startGuarded(engine, { RATE_LIMIT_BURST: "10" });
    await using client = await connect(gateway.wsUrl, { token: await gateway.token("ann") });
    client.send(Array.from({ length: 50 }, (_, id) => ({ jsonrpc: "2.0", id, method: "x" })));
    for (let id = 0; id < 10; id++) {
      assert.equal((await client.reply(id)).error?.code, ErrorCode.methodNotFound);
    }
    assert.equal((await client.reply(49)).error?.code, ErrorCode.rateLimited);
  });
}

/** Names that mean something to JavaScript. */
const NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf"];

Deno.test("names that JavaScript knows pollute no prototype and are no methods", async () => {
  await using gateway = await serveGateway();
  await using client = await gateway.player("ann");
  await using other = await gateway.player("__proto__");
  const before = Object.getOwnPropertyNames(Object.prototype).toSorted();
  const poison = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
  const calls = [
    `{"jsonrpc":"2.0","id":"a","method":"system.ping","params":${poison}}`,
    `{"jsonrpc":"2.0","id":"b","method":"player.sendEvent","params":{"to":{"user_id":"__proto__"},"type":"__proto__","payload":${poison}}}`,
    `{"jsonrpc":"2.0","id":"c","method":"presence.get","params":{"user_ids":["__proto__","constructor"],"__proto__":{"user_ids":["x"]}}}`,
    `{"jsonrpc":"2.0","id":"d","method":"presence.subscribe","params":{"users":["__proto__","constructor"]}}`,
    `{"jsonrpc":"2.0","id":"e","method":"player.updateLocation","params":{"location":"constructor"}}`,
    `{"jsonrpc":"2.0","id":"f","method":"presence.list","params":{"location":"__proto__"}}`,
    `{"__proto__":{"method":"system.ping"},"jsonrpc":"2.0","id":"g"}`,
    `{"jsonrpc":"2.0","id":9007199254740993,"method":"system.ping","params":${poison}}`,
  ];
  for (const call of calls) client.sendRaw(call);
  for (const name of NAMES) {
    await assert.rejects(client.call(name), { code: ErrorCode.methodNotFound });
    await assert.rejects(client.call(`system.${name}`), { code: ErrorCode.methodNotFound });
    await assert.rejects(client.call(`system.ping.${name}`), { code: ErrorCode.methodNotFound });
  }
  // What was sent comes back and arrives as the data that it is.
  assert.ok(client.frames.some((frame) => frame.includes(`"echo":${poison}`)));
  const event = await other.next("player.event");
  assert.deepEqual([event.to, event.type], [{ user_id: "__proto__" }, "__proto__"]);
  assert.ok(other.frames.some((frame) => frame.includes(`"payload":${poison}`)));
  assert.equal((await client.reply(null)).error?.code, ErrorCode.invalidRequest);
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype).toSorted(), before);
  assert.equal(({} as { polluted?: number }).polluted, undefined);
});

Deno.test("a client can watch only so many by name", async () => {
  await using gateway = await startGuarded("deno", { PRESENCE_AUTO_SUBSCRIBE: "none" });
  await using client = await connect(gateway.wsUrl, { token: await gateway.token("eve") });
  const names = (prefix: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  for (let call = 0; call < 5; call++) {
    const interest = { users: names(`u${call}_`, 1000), locations: names(`l${call}_`, 100) };
    await client.call("presence.subscribe", interest);
  }
  const refused = { code: ErrorCode.invalidParams };
  for (const more of [{ users: ["one"] }, { locations: ["one"] }]) {
    await assert.rejects(client.call("presence.subscribe", more), refused);
  }
  // What is watched already is no more, and what is let go of makes room.
  await client.call("presence.subscribe", { users: names("u0_", 1000) });
  await client.call("presence.unsubscribe", { users: ["u0_0"] });
  await client.call("presence.subscribe", { users: ["one"] });
});
