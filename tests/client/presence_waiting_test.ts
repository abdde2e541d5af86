/** subscribe() without a connection: one that asks for what cannot be spoils nothing for others. */
import assert from "node:assert/strict";
import type { Presence } from "../../src/client/client.ts";
import { scripted } from "./support/scripted.ts";
import { presenceOf, type ScriptedSocket } from "./support/scripted_socket.ts";

for (const code of [-32602, -32002]) {
  Deno.test(`subscribe() that waited and is refused (${code}) leaves the others be`, async () => {
    const world = scripted();
    const client = world.client();
    const errors: unknown[] = [];
    client.on("error", ({ code }) => errors.push(code));
    const good = client.presence.subscribe({ users: ["ann"] });
    const bad = client.presence.subscribe({ locations: ["not a place"] });
    const rejected = assert.rejects(bad, { code });
    client.connect().catch(() => {});
    const socket = await world.socket(1);
    socket.greet();
    await serve(socket, () => world.settle(), code);
    await rejected;
    assert.deepEqual((await good).map(({ user_id }) => user_id), ["ann"]);
    assert.equal(client.presence.synced, true);
    assert.deepEqual([...client.presence.users().keys()], ["ann"]);
    assert.deepEqual(errors, []);
    socket.end(1006);
    await world.pass(250);
    const next = await world.socket(2);
    next.greet({ session_id: "ws_2" });
    next.resume();
    assert.deepEqual(next.request("presence.subscribe").params, { users: ["ann"] });
    await client.disconnect();
  });
}

Deno.test("subscribe() that waits keeps to the time that it is given", async () => {
  const world = scripted();
  const { client, socket } = await world.connected();
  const asked = client.presence.subscribe({ users: ["a"] }, { timeoutMs: 3_000 });
  const cut = assert.rejects(asked, { code: "timeout", sent: false, retryable: true });
  await world.pass(1_000);
  socket.end(1006);
  await world.settle();
  const waiting = client.presence.subscribe({ users: ["b"] }, { timeoutMs: 2_500 });
  const late = assert.rejects(waiting, { code: "timeout" });
  await world.pass(2_000);
  await cut;
  await world.pass(500);
  await late;
  const next = await world.socket();
  next.greet({ session_id: "ws_2" });
  next.resume();
  assert.deepEqual(next.methods(), ["session.resume"]);
  await client.disconnect();
  assert.equal(world.timers, 0);
});

/** Answers each `presence.subscribe` until none follows; refuses whatever names no real place. */
async function serve(
  socket: ScriptedSocket,
  settle: () => Promise<void>,
  code: number,
): Promise<void> {
  for (let from = 0; from < socket.sent.length; await settle()) {
    for (const request of socket.sent.slice(from)) {
      from++;
      const { users = [], locations = [] } = request.params as Record<string, string[]>;
      const presences: Presence[] = users.map((id) => presenceOf(id, 5));
      if (locations.length > 0) socket.refuse(request, code);
      else socket.answer(request, { presences });
    }
  }
}
