import assert from "node:assert/strict";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { serveGateway } from "../gateway/local_gateway.ts";
import { connect, type GameClient } from "../support/game_client.ts";
import { ANY_ENGINE, startGuarded } from "./engines.ts";
import { watched } from "./watched.ts";

/** Names that mean something to JavaScript. */
const NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf"];

const POISON = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';

const CALLS: readonly string[] = [
  `{"jsonrpc":"2.0","id":"a","method":"system.ping","params":${POISON}}`,
  `{"jsonrpc":"2.0","id":"b","method":"player.sendEvent","params":{"to":{"user_id":"__proto__"},"type":"__proto__","payload":${POISON}}}`,
  `{"jsonrpc":"2.0","id":"c","method":"presence.get","params":{"user_ids":["__proto__","constructor"],"__proto__":{"user_ids":["x"]}}}`,
  `{"jsonrpc":"2.0","id":"d","method":"presence.subscribe","params":{"users":["__proto__","constructor"]}}`,
  `{"jsonrpc":"2.0","id":"e","method":"player.updateLocation","params":{"location":"constructor"}}`,
  `{"jsonrpc":"2.0","id":"f","method":"presence.list","params":{"location":"__proto__"}}`,
  `{"__proto__":{"method":"system.ping"},"jsonrpc":"2.0","id":"g"}`,
  `{"jsonrpc":"2.0","id":9007199254740993,"method":"system.ping","params":${POISON}}`,
];

/** Sends all of it; what comes back and what arrives is the data that was sent. */
async function poison(client: GameClient, other: GameClient): Promise<void> {
  for (const call of CALLS) client.sendRaw(call);
  for (const name of NAMES) {
    for (const method of [name, `system.${name}`, `system.ping.${name}`]) {
      await assert.rejects(client.call(method), { code: ErrorCode.methodNotFound });
    }
  }
  assert.ok(client.frames.some((frame) => frame.includes(`"echo":${POISON}`)));
  const event = await other.next("player.event");
  assert.deepEqual([event.to, event.type], [{ user_id: "__proto__" }, "__proto__"]);
  assert.ok(other.frames.some((frame) => frame.includes(`"payload":${POISON}`)));
  assert.equal((await client.reply(null)).error?.code, ErrorCode.invalidRequest);
}

Deno.test("names that JavaScript knows pollute no prototype and are no methods", async () => {
  // In this process, so that its prototypes can be looked at.
  await using gateway = await serveGateway();
  await using client = await gateway.player("ann");
  await using other = await gateway.player("__proto__");
  const before = Object.getOwnPropertyNames(Object.prototype).toSorted();
  await poison(client, other);
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype).toSorted(), before);
  assert.equal(({} as { polluted?: number }).polluted, undefined);
});

for (const engine of ANY_ENGINE) {
  Deno.test(`names that JavaScript knows are names like others, engine ${engine}`, async () => {
    await using gateway = await startGuarded(engine, { RATE_LIMIT_MESSAGES: "0" });
    await watched("pollution", engine, gateway, async () => {
      await using client = await connect(gateway.wsUrl, { token: await gateway.token("ann") });
      await using other = await connect(gateway.wsUrl, { token: await gateway.token("__proto__") });
      await poison(client, other);
      return "data like any other, -32601 as methods";
    });
  });
}
