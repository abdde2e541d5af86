import assert from "node:assert/strict";
import { StreamError } from "../../src/events/stream.ts";
import { ErrorCode, RpcError } from "../../src/protocol/errors.ts";
import { createMemoryStore } from "../../src/presence/store_memory.ts";
import { type LocalGateway, serveGateway } from "../gateway/local_gateway.ts";
import { memoryStream } from "../support/memory_stream.ts";
import { eventsOf, resume } from "./nodes.ts";
import { sendEvent } from "./sender.ts";

/** Leaves a session behind that has missed the event `missed`; gives its id. */
async function leaveBehind(local: LocalGateway): Promise<string> {
  const before = await local.player("ann");
  before.abort();
  await before.closed;
  await using bob = await local.player("bob");
  await sendEvent(bob, { to: { user_id: "ann" }, type: "missed" });
  return before.sessionId;
}

Deno.test("live events wait for a resume however slow the store is", async () => {
  const store = createMemoryStore({ resumeWindowMs: 60_000 });
  const apply = store.apply.bind(store);
  const isSlow = Promise.withResolvers<void>();
  store.apply = async (instance, changes) => {
    if (changes.some(({ op }) => op === "resume")) await isSlow.promise;
    return await apply(instance, changes);
  };
  store.applyNow = () => undefined;
  await using local = await serveGateway({ store });
  const sessionId = await leaveBehind(local);
  await using bob = await local.player("bob");
  await using after = await local.player("ann");
  const resuming = resume(after, sessionId, 0);
  await sendEvent(bob, { to: { user_id: "ann" }, type: "live" });
  // Longer than a client may take that has not said anything.
  const timer = setTimeout(() => isSlow.resolve(), 1300);
  assert.deepEqual(await resuming, { resumed: true, replayed: 2 });
  clearTimeout(timer);
  await after.next("player.event", { where: ({ type }) => type === "live" });
  assert.deepEqual(eventsOf(after).map(({ type }) => type), ["missed", "live"]);
});

Deno.test("a resume that the stream failed is asked for again and misses nothing", async () => {
  const stream = memoryStream();
  const replay = stream.replay.bind(stream);
  let isAway = true;
  stream.replay = async (userId, afterSeq) => {
    if (isAway) throw new StreamError("unavailable", "The test's stream is away");
    return await replay(userId, afterSeq);
  };
  await using local = await serveGateway({ stream });
  const sessionId = await leaveBehind(local);
  await using bob = await local.player("bob");
  await using after = await local.player("ann");
  await assert.rejects(
    resume(after, sessionId, 0),
    (error) => error instanceof RpcError && error.code === ErrorCode.unavailable,
  );
  await sendEvent(bob, { to: { user_id: "ann" }, type: "live" });
  isAway = false;
  assert.equal((await resume(after, sessionId, 0)).resumed, true);
  await after.next("player.event", { where: ({ type }) => type === "live" });
  assert.deepEqual(eventsOf(after).map(({ type }) => type), ["missed", "live"]);
});

Deno.test("two resumes in one batch: what the first brought is not lost by the second", async () => {
  await using local = await serveGateway();
  const sessionId = await leaveBehind(local);
  await using after = await local.player("ann");
  const call = (id: string) => ({
    jsonrpc: "2.0",
    id,
    method: "session.resume",
    params: { session_id: sessionId, last_seq: 0 },
  });
  after.send([call("first"), call("second")]);
  assert.deepEqual((await after.reply("first")).result, { resumed: true, replayed: 1 });
  assert.deepEqual((await after.reply("second")).result, { resumed: false, replayed: 0 });
  await after.next("player.event");
  assert.deepEqual(eventsOf(after).map(({ type }) => type), ["missed"]);
});
