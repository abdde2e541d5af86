import assert from "node:assert/strict";
import { connect, type GameClient } from "../support/game_client.ts";
import { until } from "../support/wait.ts";
import { Crowd } from "./crowd.ts";
import { FaultPlace, IS_LONG } from "./fault_place.ts";
import { RestRelay } from "./rest_relay.ts";
import { PresenceWatcher } from "./watcher.ts";

const PLAYERS = 1000;

const relays = new AsyncDisposableStack();
let relay!: RestRelay;
const place = await FaultPlace.start({
  env: { RATE_LIMIT_MESSAGES: "0" },
  restUrl: ({ url }) => (relay = relays.use(new RestRelay(url))).url,
});
Deno.test.afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await relays.disposeAsync();
});

Deno.test("a connect, a change, a disconnect: each is one HTTP request with one script call", async () => {
  const token = await place.eu.token("ada");
  let client!: GameClient;
  const works: [what: string, work: () => unknown][] = [
    ["connect", async () => client = await connect(place.eu.wsUrl, { token })],
    ["updateStatus", () => client.call("player.updateStatus", { status: "away" })],
    ["updateLocation", () => client.call("player.updateLocation", { location: "lobby" })],
    ["updatePresence", () => client.call("player.updatePresence", { status: "busy" })],
    ["disconnect", () => client.close()],
  ];
  for (const [what, work] of works) await costsOneScriptCall(what, work);
  const broken = await connect(place.eu.wsUrl, { token });
  await costsOneScriptCall("break", async () => {
    broken.abort();
    await broken.closed;
  });
});

Deno.test("coming back within the grace costs a connect and one call to resume", async () => {
  const token = await place.eu.token("bob");
  const before = await connect(place.eu.wsUrl, { token });
  relay.reset();
  before.abort();
  await before.closed;
  await using after = await connect(place.us.wsUrl, { token });
  const resumed = await after.call("session.resume", { session_id: before.sessionId, last_seq: 0 });
  assert.deepEqual(resumed, { resumed: true, replayed: 0 });
  assert.deepEqual(relay.names, [["evalsha"], ["evalsha"]]);
});

Deno.test(`${PLAYERS} players who join at once, and leave at once: well under 60 requests each`, async () => {
  await using watcher = await PresenceWatcher.start(place.us, "watcher");
  await using crowd = new Crowd();
  await crowd.view();
  relay.reset();
  const tookMs = await crowd.join(place.eu.wsUrl, PLAYERS);
  const joins = relay.requests.length;
  await watcher.sees(PLAYERS);
  relay.reset();
  await crowd.leave(PLAYERS);
  await watcher.sees(0);
  const leaves = relay.requests.length;
  if (IS_LONG) {
    const took = Math.round(tookMs);
    console.log(`${PLAYERS} joins in ${took} ms: ${joins} requests; leaves: ${leaves} requests`);
  }
  assert.ok(joins < 60, `${joins} requests`);
  assert.ok(leaves < 60, `${leaves} requests`);
});

/** What Redis itself counts agrees with what passed the relay. */
async function costsOneScriptCall(what: string, work: () => unknown): Promise<void> {
  relay.reset();
  const changesBefore = await changes();
  await work();
  await until(() => relay.requests.length > 0, { what: `the request of ${what}` });
  await until(async () => await changes() > changesBefore, { what: `the script call of ${what}` });
  assert.deepEqual(relay.names, [["evalsha"]], what);
  assert.equal(await changes(), changesBefore + 1, what);
}

/** Script calls that wrote a user's record, as Redis has them in its statistics: each reads one first. */
async function changes(): Promise<number> {
  return (await place.commandCounts()).get("get") ?? 0;
}
