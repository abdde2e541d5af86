import assert from "node:assert/strict";
import { firstReply } from "../support/servers/tcp_probe.ts";
import { until } from "../support/wait.ts";
import { Crowd } from "./crowd.ts";
import { FaultPlace, IS_LONG, report } from "./fault_place.ts";
import { PresenceWatcher } from "./watcher.ts";

const LEASE_MS = IS_LONG ? 15_000 : 4500;
const EACH = 250;
const LEAVING = 20;

const place = await FaultPlace.start({ env: { NODE_LEASE_MS: `${LEASE_MS}` } });
Deno.test.afterAll(() => place[Symbol.asyncDispose]());

Deno.test(`FLUSHALL with ${2 * EACH} players on two nodes: all are back for every reader within a lease`, async () => {
  await using inEu = await PresenceWatcher.start(place.eu, "watcher-eu");
  await using inUs = await PresenceWatcher.start(place.us, "watcher-us");
  const watchers = [inEu, inUs];
  await using eu = new Crowd();
  await using us = new Crowd();
  await Promise.all([
    eu.join(place.eu.wsUrl, EACH, { prefix: "eu" }),
    us.join(place.us.wsUrl, EACH, { prefix: "us" }),
  ]);
  for (const watcher of watchers) await watcher.sees(2 * EACH + 1);

  const lostAt = performance.now();
  await place.command("FLUSHALL");
  await listed(inEu, 0);
  // Whoever goes now leaves no trace in a store that knows nothing of them.
  await eu.leave(LEAVING);
  const left = 2 * EACH - LEAVING;
  for (const watcher of watchers) await listed(watcher, left + 2);
  const backMs = performance.now() - lostAt;
  report(`all listed again after FLUSHALL, lease ${LEASE_MS} ms`, [backMs]);
  assert.ok(backMs < LEASE_MS, `${backMs} ms`);

  for (const watcher of watchers) await watcher.sees(left + 1, 3 * LEASE_MS);
  report("what watchers see is right again", [performance.now() - lostAt]);
  const gone = new Set(Array.from({ length: LEAVING }, (_, at) => `eu${at}`));
  for (const watcher of watchers) assert.deepEqual(watcher.sawLeave(gone), []);
  assert.deepEqual([(await eu.view()).closed, (await us.view()).closed], [0, 0]);
});

Deno.test("a Redis that comes back without the last changes keeps nobody who left, and forgets nobody who came", async () => {
  await using inUs = await PresenceWatcher.start(place.us, "watcher");
  await using stayed = new Crowd();
  await using came = new Crowd();
  await stayed.join(place.eu.wsUrl, 2 * LEAVING, { prefix: "stayed" });
  await listed(inUs, 2 * LEAVING + 1);
  assert.equal(await firstReply(place.redis.port, "\r\n", "SAVE\r\n"), "+OK\r\n");
  await stayed.leave(LEAVING);
  await came.join(place.eu.wsUrl, LEAVING / 2, { prefix: "came" });
  const left = LEAVING + LEAVING / 2;
  await listed(inUs, left + 1);

  await place.redis.kill();
  await place.redis.restart();
  const backAt = performance.now();
  await listed(inUs, left + 1);
  const rightMs = performance.now() - backAt;
  report(`the list right again after a Redis without its last changes, lease ${LEASE_MS} ms`, [
    rightMs,
  ]);
  assert.ok(rightMs < LEASE_MS, `${rightMs} ms`);
  await inUs.sees(left);
});

/** Waits until a reader finds so many users listed, itself included. */
async function listed({ client }: PresenceWatcher, count: number): Promise<void> {
  await until(async () => {
    const { total } = await client.call<{ total: number }>("presence.list", { limit: 1 });
    return total === count;
  }, { what: `${count} users listed`, timeoutMs: 3 * LEASE_MS });
}
