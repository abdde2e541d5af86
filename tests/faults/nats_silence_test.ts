import assert from "node:assert/strict";
import { Crowd } from "./crowd.ts";
import { FaultPlace, IS_LONG, metric, since } from "./fault_place.ts";
import { PresenceWatcher } from "./watcher.ts";

/** Around where NATS's clients notice, after 2 to 3 s, one of them first. */
const SILENCES_MS = IS_LONG
  ? [500, 800, 1000, 1300, 1600, 2000, 2200, 2400, 2600, 2800, 3000, 3200, 3500, 4000, 5000]
  : [2500];
const PLAYERS = 50;

const place = await FaultPlace.start();
Deno.test.afterAll(() => place[Symbol.asyncDispose]());

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
  for (const gateway of [place.eu, place.us]) {
    assert.equal(await metric(gateway, "waygate_nodes"), 2);
  }
  for (const crowd of [eu, us]) assert.equal((await crowd.view()).closed, 0);
});
