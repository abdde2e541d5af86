import assert from "node:assert/strict";
import { ErrorCode, RpcError } from "../../src/protocol/errors.ts";
import { connect, type GameClient } from "../support/game_client.ts";
import { until } from "../support/wait.ts";
import { FaultPlace, since } from "./fault_place.ts";
import { RestRelay } from "./rest_relay.ts";
import { PresenceWatcher } from "./watcher.ts";

const GRACE_MS = 600;

const relays = new AsyncDisposableStack();
let relay!: RestRelay;
const place = await FaultPlace.start({
  env: { PRESENCE_GRACE_MS: `${GRACE_MS}` },
  restUrl: ({ url }) => (relay = relays.use(new RestRelay(url))).url,
});
Deno.test.afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await relays.disposeAsync();
});

for (const region of ["eu", "us"] as const) {
  Deno.test(`a break within the grace shows nobody anything, with a return to ${region}`, async () => {
    await using watcher = await PresenceWatcher.start(place.us, "watcher");
    const token = await place.eu.token("ada");
    const before = await connect(place.eu.wsUrl, { token });
    await before.call("player.updatePresence", { status: "busy", location: "arena" });
    await until(() => watcher.online.get("ada")?.location === "arena", { what: "ada to be seen" });
    const seen = watcher.pushed.get("ada")?.length ?? 0;
    const brokenAt = performance.now();
    before.abort();
    await before.closed;
    await using after = await connect(place[region].wsUrl, { token });
    const params = { session_id: before.sessionId, last_seq: 0 };
    assert.deepEqual(await after.call("session.resume", params), { resumed: true, replayed: 0 });
    await since(brokenAt, 2 * GRACE_MS);
    const { status, location, sessions, session_id } = watcher.online.get("ada") ?? {};
    assert.deepEqual([status, location, sessions, session_id], [
      "busy",
      "arena",
      1,
      after.sessionId,
    ]);
    const pushed = watcher.pushed.get("ada")?.slice(seen) ?? [];
    assert.ok(pushed.every((status) => status === "busy"), pushed.join());
  });
}

Deno.test("a change whose answer was lost is refused, and still told to everyone", async () => {
  await using watcher = await PresenceWatcher.start(place.us, "watcher");
  await using client = await connect(place.eu.wsUrl, { token: await place.eu.token("bob") });
  await watcher.sees(1);
  loseNext("bob");
  await isAway(client.call("player.updateLocation", { location: "arena" }));
  await until(() => watcher.online.get("bob")?.location === "arena", { what: "bob to be seen" });
});

Deno.test("a leave whose answer was lost is told to everyone", async () => {
  await using watcher = await PresenceWatcher.start(place.us, "watcher");
  const client = await connect(place.eu.wsUrl, { token: await place.eu.token("cyd") });
  await watcher.sees(1);
  loseNext("cyd");
  await client.close();
  await watcher.sees(0);
});

Deno.test("session.resume whose answer was lost may be asked again, and says that it resumed", async () => {
  await using watcher = await PresenceWatcher.start(place.us, "watcher");
  const { client, params } = await comeBack("dan");
  await using after = client;
  loseNext("dan");
  await isAway(after.call("session.resume", params));
  assert.deepEqual(await askAgain(after, params), { resumed: true, replayed: 0 });
  assert.deepEqual(await after.call("session.resume", params), { resumed: false, replayed: 0 });
  await until(() => watcher.online.get("dan")?.sessions === 1, { what: "one session of dan" });
  assert.equal(watcher.online.get("dan")?.location, "arena");
  assert.deepEqual(watcher.sawLeave(), []);
});

Deno.test("session.resume while Redis is away is refused, and works when asked again after", async () => {
  const { client, params } = await comeBack("eve");
  await using after = client;
  await place.rest.kill();
  await isAway(after.call("session.resume", params));
  await place.rest.restart();
  assert.deepEqual(await askAgain(after, params), { resumed: true, replayed: 0 });
  await using reader = await connect(place.us.wsUrl, { token: await place.us.token("reader") });
  const { presences } = await reader.call<{ presences: { sessions: number; location: string }[] }>(
    "presence.get",
    { user_ids: ["eve"] },
  );
  assert.deepEqual(presences.map(({ sessions, location }) => [sessions, location]), [[1, "arena"]]);
});

/** Somebody whose connection broke in the arena, and who is back: what to resume with. */
async function comeBack(userId: string) {
  const token = await place.eu.token(userId);
  const before = await connect(place.eu.wsUrl, { token });
  await before.call("player.updateLocation", { location: "arena" });
  before.abort();
  await before.closed;
  const client = await connect(place.eu.wsUrl, { token });
  const params = { session_id: before.sessionId, last_seq: 0 };
  return { client, params };
}

/** Loses the answer to the next request that says something of this user. */
function loseNext(userId: string): void {
  relay.losesAnswer = (commands) => {
    const isIt = commands.some((command) => command.some((part) => part.includes(`"${userId}"`)));
    if (isIt) relay.losesAnswer = () => false;
    return isIt;
  };
}

/** Asks until it is answered; gives the first answer. */
function askAgain(client: GameClient, params: unknown): Promise<unknown> {
  return until(() => client.call("session.resume", params), {
    what: "session.resume to be answered",
    timeoutMs: 10_000,
    intervalMs: 50,
  });
}

async function isAway(call: Promise<unknown>): Promise<void> {
  await assert.rejects(
    call,
    (error) => error instanceof RpcError && error.code === ErrorCode.unavailable,
  );
}
