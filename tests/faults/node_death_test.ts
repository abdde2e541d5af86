import assert from "node:assert/strict";
import { Crowd } from "./crowd.ts";
import { FaultPlace, IS_LONG, report, since } from "./fault_place.ts";
import { PresenceWatcher } from "./watcher.ts";

const ROUNDS = IS_LONG ? 10 : 1;

const place = await FaultPlace.start();
Deno.test.afterAll(() => place[Symbol.asyncDispose]());

for (const players of [50, 1000]) {
  Deno.test(`kill -9 of a node: its ${players} players are offline in the other region within a second`, async () => {
    const took: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      took.push(await endOf(players, () => place.eu.kill()));
      await place.eu.restart();
      await place.settled();
    }
    report(`kill -9, ${players} players`, took);
    assert.ok(Math.max(...took) < 1000, `took ${took} ms`);
  });

  Deno.test(`a frozen node: its ${players} players are offline in the other region within 2.5 s`, async () => {
    const took: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      took.push(await endOf(players, () => place.eu.suspend()));
      await place.eu.kill();
      await place.eu.restart();
      await place.settled();
    }
    report(`SIGSTOP, ${players} players`, took);
    assert.ok(Math.max(...took) < 2500, `took ${took} ms`);
  });
}

Deno.test("a node that stands still for 6 s: its players go, and come back with it, on their sockets", async () => {
  await using watcher = await PresenceWatcher.start(place.us, "watcher");
  await using crowd = new Crowd();
  await crowd.join(place.eu.wsUrl, 50);
  await watcher.sees(50);
  const stoppedAt = performance.now();
  place.eu.suspend();
  await watcher.sees(0, 2500);
  await since(stoppedAt, 6000);
  place.eu.resume();
  const backMs = await watcher.sees(50);
  report("back after 6 s of SIGSTOP", [backMs]);
  assert.ok(backMs < 5000, `${backMs} ms`);
  const { open, closed } = await crowd.view();
  assert.deepEqual({ open, closed }, { open: 50, closed: 0 });
  for (const userId of watcher.online.keys()) {
    const statuses = watcher.pushed.get(userId) ?? [];
    assert.deepEqual(statuses.filter((status, at) => status !== statuses[at - 1]).slice(-2), [
      "offline",
      "online",
    ]);
  }
});

Deno.test("a node that restarts under its name is not taken for its past", async () => {
  await using watcher = await PresenceWatcher.start(place.us, "watcher");
  const crowd = new Crowd();
  await crowd.join(place.eu.wsUrl, 20);
  await watcher.sees(20);
  await place.eu.kill();
  await crowd[Symbol.asyncDispose]();
  await place.eu.restart();
  await watcher.sees(0, 1000);
  await using again = new Crowd();
  await again.join(place.eu.wsUrl, 20);
  await watcher.sees(20);
  await place.settled();
  assert.equal(watcher.online.size, 20);
});

/** How long the players of `eu` are seen in `us` after what befalls it, in ms. */
async function endOf(players: number, befall: () => unknown): Promise<number> {
  await using watcher = await PresenceWatcher.start(place.us, "watcher");
  await using crowd = new Crowd();
  await crowd.join(place.eu.wsUrl, players);
  await watcher.sees(players);
  const startedAt = performance.now();
  const befallen = befall();
  await watcher.sees(0, 10_000);
  const tookMs = performance.now() - startedAt;
  await befallen;
  const left = (await place.keys("presence:online:*")).map(decodeURIComponent);
  assert.deepEqual(left.toSorted(), ["presence:online:users", "presence:online:watcher"]);
  assert.deepEqual(await place.command("SMEMBERS", "presence:online:users"), ["watcher"]);
  return tookMs;
}
