import assert from "node:assert/strict";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { connect } from "../support/game_client.ts";
import { CASES } from "./cases.ts";
import { startGuarded, testEngines } from "./engines.ts";
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

/** Too large, each in its way. */
const OVERSIZE: Readonly<Record<string, string>> = {
  "a byte too many": pingOf(LIMIT_BYTES + 1),
  "few characters, too many bytes": pingOf(LIMIT_BYTES + 3, "語"),
  "1 MB": pingOf(1_000_000),
};

testEngines("a message is as large as allowed, or the last one", async (engine) => {
  await using gateway = await startGuarded(engine, { PRESENCE_GRACE_MS: "50" });
  const url = gateway.wsUrl;
  const token = await gateway.token("ann");
  await watched("oversize", engine, gateway, async () => {
    await using honest = await connect(url, { token });
    // Also where characters take three bytes.
    for (const filler of ["a", "語"]) {
      honest.sendRaw(pingOf(LIMIT_BYTES, filler));
      assert.equal((await honest.reply(1)).error, undefined);
    }
    for (const [name, message] of Object.entries(OVERSIZE)) {
      await using client = await connect(url, { token });
      client.send({ jsonrpc: "2.0", id: 7, method: "system.ping" });
      client.sendRaw(message);
      client.send({ jsonrpc: "2.0", id: 8, method: "system.ping" });
      await client.reply(7);
      const { error } = await client.reply(null);
      assert.equal(error?.code, ErrorCode.tooLarge, name);
      assert.deepEqual(await client.closed, { code: 1009, reason: "message too large" }, name);
      assert.ok(!client.received.some(({ id }) => id === 8), name);
    }
    return "-32005, then 1009";
  });
});

for (const [name, texts] of [["deep", DEEP], ["bombs", BOMBS]] as const) {
  testEngines(`${CASES[name]} get an answer`, async (engine) => {
    await using gateway = await startGuarded(engine, {
      RATE_LIMIT_MESSAGES: "0",
      PRESENCE_AUTO_SUBSCRIBE: "none",
    });
    await watched(name, engine, gateway, async () => {
      await using client = await connect(gateway.wsUrl, { token: await gateway.token("ann") });
      const codes = new Set<number>();
      for (const [what, text] of Object.entries(texts)) {
        const before = client.frames.length;
        client.sendRaw(text);
        // Another answer to wait for, which comes after.
        await client.call("system.ping", {}, 10_000);
        assert.equal(client.frames.length - before, 2, what);
        const [answer] = [JSON.parse(client.frames[before] ?? "null")].flat();
        codes.add(answer.error?.code ?? 0);
      }
      return `one answer each: ${[...codes].map((code) => code || "a result").join(", ")}`;
    });
  });
}

testEngines("the calls of a batch count as messages", async (engine) => {
  await using gateway = await startGuarded(engine, { RATE_LIMIT_BURST: "10" });
  await using client = await connect(gateway.wsUrl, { token: await gateway.token("ann") });
  client.send(Array.from({ length: 50 }, (_, id) => ({ jsonrpc: "2.0", id, method: "x" })));
  for (let id = 0; id < 10; id++) {
    assert.equal((await client.reply(id)).error?.code, ErrorCode.methodNotFound);
  }
  assert.equal((await client.reply(49)).error?.code, ErrorCode.rateLimited);
});
