/** How deeply an event's payload may be nested, on either side of the wire. */
import assert from "node:assert/strict";
import { isTooDeep, MAX_NESTING } from "../../src/events/nesting.ts";
import { nested } from "../conformance/stream/place.ts";
import { serveGateway } from "../gateway/local_gateway.ts";
import { wrongPaths } from "../methods/refusals.ts";

Deno.test("isTooDeep() counts arrays and objects, not what strings hold", () => {
  const event = (payload: string) => `{"type":"x","payload":${payload}}`;
  const objects = (depth: number) => '{"a":'.repeat(depth) + "1" + "}".repeat(depth);
  for (const write of [nested, objects]) {
    assert.equal(isTooDeep(event(write(MAX_NESTING))), false);
    assert.equal(isTooDeep(event(write(MAX_NESTING + 1))), true);
  }
  const brackets = "[{".repeat(MAX_NESTING);
  for (const text of [brackets, `"${brackets}`, `${brackets}\\`, `\\"${brackets}\\\\`]) {
    assert.equal(isTooDeep(event(JSON.stringify(text))), false);
    assert.equal(isTooDeep(event(`[${JSON.stringify(text)},${nested(MAX_NESTING)}]`)), true);
  }
  assert.equal(isTooDeep(event(`[${"[],".repeat(MAX_NESTING)}{}]`)), false);
  assert.equal(isTooDeep(`"${brackets}`), false);
});

Deno.test("player.sendEvent refuses a payload that is nested too deeply, and nothing else", async () => {
  await using local = await serveGateway();
  await using ann = await local.player("ann");
  const send = (depth: number) => ({
    to: { user_id: "ann" },
    type: "x",
    payload: JSON.parse(nested(depth)),
  });

  // What JSON.stringify() of the client still writes, and what only a text can hold.
  for (const depth of [MAX_NESTING + 1, 5000]) {
    assert.deepEqual(await wrongPaths(ann, "player.sendEvent", send(depth)), ["payload"]);
  }
  ann.sendRaw(
    `{"jsonrpc":"2.0","id":900,"method":"player.sendEvent","params":{"to":{"user_id":"ann"},` +
      `"type":"x","payload":${nested(20_000)}}}`,
  );
  const { error } = await ann.reply(900);
  assert.equal(error?.code, -32602);

  await ann.call("player.sendEvent", send(MAX_NESTING));
  assert.deepEqual((await ann.next("player.event")).payload, send(MAX_NESTING).payload);
});
