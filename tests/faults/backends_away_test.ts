import assert from "node:assert/strict";
import { ErrorCode, RpcError } from "../../src/protocol/errors.ts";
import { until } from "../support/wait.ts";
import { Crowd } from "./crowd.ts";
import { FaultPlace, IS_LONG, report, since } from "./fault_place.ts";
import { PresenceWatcher } from "./watcher.ts";

const NATS_DOWN_MS = IS_LONG ? 20_000 : 5000;
const REST_DOWN_MS = IS_LONG ? 20_000 : 2000;
/** Around where NATS's clients notice, after 2 to 3 s, one of them first. */
const SILENCES_MS = IS_LONG
  ? [500, 800, 1000, 1300, 1600, 2000, 2200, 2400, 2600, 2800, 3000, 3200, 3500, 4000, 5000]
  : [2500];
const PLAYERS = 100;

const place = await FaultPlace.start();
Deno.test.afterAll(() => place[Symbol.asyncDispose]());

Deno.test("NATS away during play: nobody goes offline, and both regions agree within 2 s of its return", async () => {
  await away({
    downMs: NATS_DOWN_MS,
    leave: () => place.nats.kill(),
    comeBack: () => place.nats.restart(),
    limitMs: 2000,
  });
});

Deno.test("the REST API away during play: callers are told, and everything converges", async () => {
  await away({
    downMs: REST_DOWN_MS,
    leave: () => place.rest.kill(),
    comeBack: () => place.rest.restart(),
    isStoreAway: true,
    limitMs: 5000,
  });
});

Deno.test("NATS and the REST API away at once: everything converges", async () => {
  await away({
    downMs: REST_DOWN_MS,
    leave: () => Promise.all([place.nats.kill(), place.rest.kill()]),
    comeBack: () => Promise.all([place.nats.restart(), place.rest.restart()]),
    isStoreAway: true,
    limitMs: 5000,
  });
});

Deno.test("a NATS server that stands still for a while gets nobody convicted", async () => {
  await using inEu = await PresenceWatcher.start(place.eu, "watcher");
  await using inUs = await PresenceWatcher.start(place.us, "watcher");
  await using eu = new Crowd();
  await using us = new Crowd();
  await eu.join(place.eu.wsUrl, PLAYERS, { prefix: "eu" });
  await us.join(place.us.wsUrl, PLAYERS, { prefix: "us" });
  for (const watcher of [inEu, inUs]) await watcher.sees(2 * PLAYERS);
  const before = await place.instances();
  for (const ms of SILENCES_MS) {
    const stoppedAt = performance.now();
    place.nats.suspend();
    await since(stoppedAt, ms);
    place.nats.resume();
    // Longer than any conviction would take.
    await since(stoppedAt, ms + 2200);
    await place.settled();
    assert.deepEqual(await place.instances(), before, `after ${ms} ms`);
    for (const watcher of [inEu, inUs]) assert.deepEqual(watcher.sawLeave(), [], `after ${ms} ms`);
  }
  if (IS_LONG) console.log(`nobody convicted by ${SILENCES_MS.length} silences`);
  for (const crowd of [eu, us]) assert.equal((await crowd.view()).closed, 0);
});

interface Outage {
  readonly downMs: number;
  readonly leave: () => Promise<unknown>;
  readonly comeBack: () => Promise<unknown>;
  readonly isStoreAway?: boolean;
  /** After the return everybody agrees within so long. */
  readonly limitMs: number;
}

/** Players on both nodes, who change, come and go while something is away. */
async function away(outage: Outage): Promise<void> {
  await using inEu = await PresenceWatcher.start(place.eu, "watcher");
  await using inUs = await PresenceWatcher.start(place.us, "watcher");
  await suffer(outage, [inEu, inUs]);
  for (const watcher of [inEu, inUs]) await watcher.sees(0);
}

async function suffer(
  outage: Outage,
  watchers: readonly [PresenceWatcher, PresenceWatcher],
): Promise<void> {
  const [inEu, inUs] = watchers;
  await using eu = new Crowd();
  await using us = new Crowd();
  await using late = new Crowd();
  await eu.join(place.eu.wsUrl, PLAYERS, { prefix: "eu" });
  await us.join(place.us.wsUrl, PLAYERS, { prefix: "us" });
  for (const watcher of watchers) await watcher.sees(2 * PLAYERS);

  const startedAt = performance.now();
  await outage.leave();
  if (outage.isStoreAway) await isRefused(inEu);
  await us.call("player.updatePresence", { status: "busy", location: "arena" });
  await eu.call("player.updateStatus", { status: "away" });
  await eu.leave(10);
  await late.join(place.us.wsUrl, 10, { prefix: "late" });
  await since(startedAt, outage.downMs);

  await outage.comeBack();
  const backAt = performance.now();
  const expected = [
    ...Array.from({ length: PLAYERS - 10 }, (_, at) => `eu${at + 10} away null`),
    ...Array.from({ length: 10 }, (_, at) => `late${at} online null`),
    ...Array.from({ length: PLAYERS }, (_, at) => `us${at} busy arena`),
  ].toSorted();
  for (const watcher of watchers) {
    await until(() => {
      assert.deepEqual(watcher.view.map((line) => line.slice(0, line.lastIndexOf(" "))), expected);
      return true;
    }, { what: "a view that is right", timeoutMs: 20_000 });
  }
  const agreedMs = performance.now() - backAt;
  report(`agreed after an outage of ${outage.downMs} ms`, [agreedMs]);
  assert.ok(agreedMs < outage.limitMs, `${agreedMs} ms`);
  assert.deepEqual(inEu.view, inUs.view);
  const gone = new Set(Array.from({ length: 10 }, (_, at) => `eu${at}`));
  for (const watcher of watchers) assert.deepEqual(watcher.sawLeave(gone), []);
  for (const crowd of [eu, us, late]) assert.equal((await crowd.view()).closed, 0);
  await place.settled();
}

/** Whoever says something of themselves is told that it could not be written. */
async function isRefused({ client }: PresenceWatcher): Promise<void> {
  await assert.rejects(
    client.call("player.updateStatus", { status: "busy" }),
    (error) => error instanceof RpcError && error.code === ErrorCode.unavailable,
  );
}
