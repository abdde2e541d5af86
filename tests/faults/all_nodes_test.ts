import assert from "node:assert/strict";
import { until } from "../support/wait.ts";
import { connect, type GameClient } from "../support/game_client.ts";
import { Crowd } from "./crowd.ts";
import { FaultPlace, IS_LONG, report } from "./fault_place.ts";

const LEASE_MS = IS_LONG ? 15_000 : 3000;
const EACH = 50;

const place = await FaultPlace.start({ env: { NODE_LEASE_MS: `${LEASE_MS}` } });
Deno.test.afterAll(() => place[Symbol.asyncDispose]());

Deno.test("all nodes killed: once the leases are over every read is right, and whoever starts next reaps", async () => {
  const eu = new Crowd();
  const us = new Crowd();
  await eu.join(place.eu.wsUrl, EACH, { prefix: "eu" });
  await us.join(place.us.wsUrl, EACH, { prefix: "us" });
  const before = await place.instances();
  const killedAt = performance.now();
  await Promise.all([place.eu.kill(), place.us.kill()]);
  await Promise.all([eu[Symbol.asyncDispose](), us[Symbol.asyncDispose]()]);

  await place.us.restart();
  await using reader = await connect(place.us.wsUrl, { token: await place.us.token("reader") });
  await until(async () => (await listed(reader)).join() === "reader", {
    what: "nobody else to be listed",
    timeoutMs: 2 * LEASE_MS,
  });
  const goneMs = performance.now() - killedAt;
  report(`nobody listed after all nodes were killed, lease ${LEASE_MS} ms`, [goneMs]);
  assert.ok(goneMs < LEASE_MS + 500, `${goneMs} ms`);

  await until(async () => {
    const left = (await place.keys("presence:online:*")).toSorted();
    assert.deepEqual(left, ["presence:online:reader", "presence:online:users"]);
    assert.equal((await place.instances()).filter((id) => before.includes(id)).length, 0);
    return true;
  }, { what: "everything to be reaped", timeoutMs: LEASE_MS });
  report("everything reaped", [performance.now() - killedAt]);
});

/** Everyone whom a reader finds listed; it may not read a lease as held that is over. */
async function listed(reader: GameClient): Promise<string[]> {
  const { presences, total } = await reader.call<
    { presences: { user_id: string }[]; total: number }
  >("presence.list", { limit: 500 });
  assert.equal(total, presences.length);
  return presences.map(({ user_id: id }) => id);
}
