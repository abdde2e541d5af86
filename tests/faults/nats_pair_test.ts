import assert from "node:assert/strict";
import { until } from "../support/wait.ts";
import { Crowd } from "./crowd.ts";
import { FaultPlace, metric, report } from "./fault_place.ts";
import { NatsPair } from "./nats_pair.ts";
import { PresenceWatcher } from "./watcher.ts";

const PLAYERS = 50;
const LEASE_MS = 6000;

const pair = await NatsPair.start();
const place = await FaultPlace.start({
  nats: pair.first,
  usNatsUrl: pair.second.url,
  env: { NODE_LEASE_MS: `${LEASE_MS}` },
});
Deno.test.afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await pair[Symbol.asyncDispose]();
});

async function missEachOther(): Promise<void> {
  for (const gateway of [place.eu, place.us]) {
    await until(async () => await metric(gateway, "waygate_nodes") === 1, {
      what: "each to miss the other",
      timeoutMs: 10_000,
    });
  }
}

/** The version of each user whom it sees online. */
function versionsOf(watcher: PresenceWatcher): Map<string, number> {
  return new Map([...watcher.online].map(([id, { version }]) => [id, version]));
}

/** Who of a crowd was ever pushed as offline. */
function leftFrom(watcher: PresenceWatcher, prefix: string): string[] {
  return watcher.sawLeave().filter((id) => id.startsWith(prefix));
}

Deno.test("two NATS servers cut from each other: after that both regions agree again, by themselves", async () => {
  await using inEu = await PresenceWatcher.start(place.eu, "watcher");
  await using inUs = await PresenceWatcher.start(place.us, "watcher");
  const watchers = [inEu, inUs];
  await using eu = new Crowd();
  await using us = new Crowd();
  await eu.join(place.eu.wsUrl, PLAYERS, { prefix: "eu" });
  await us.join(place.us.wsUrl, PLAYERS, { prefix: "us" });
  for (const watcher of watchers) await watcher.sees(2 * PLAYERS);

  pair.cut();
  await missEachOther();
  await us.call("player.updatePresence", { status: "busy", location: "arena" });
  await eu.leave(10);
  pair.heal();
  await place.settled();
  const healedAt = performance.now();
  await until(() => {
    assert.deepEqual(inEu.view, inUs.view);
    assert.equal(inEu.online.size, 2 * PLAYERS - 10);
    for (const [id, { status }] of inEu.online) {
      assert.equal(status, id.startsWith("us") ? "busy" : "online");
    }
    return true;
  }, { what: "both to agree", timeoutMs: 20_000 });
  const agreedMs = performance.now() - healedAt;
  report("agreed after the two knew each other again", [agreedMs]);
  assert.ok(agreedMs < 2000, `${agreedMs} ms`);
  for (const crowd of [eu, us]) assert.equal((await crowd.view()).closed, 0);
});

Deno.test("two NATS servers stay cut from each other: each region learns of the other's players from the store", async () => {
  await using inEu = await PresenceWatcher.start(place.eu, "watcher");
  await using inUs = await PresenceWatcher.start(place.us, "watcher");
  const watchers = [inEu, inUs];
  await using eu = new Crowd();
  await using us = new Crowd();
  for (const watcher of watchers) await watcher.sees(0);
  await eu.join(place.eu.wsUrl, PLAYERS, { prefix: "east" });
  await us.join(place.us.wsUrl, PLAYERS, { prefix: "west" });
  for (const watcher of watchers) await watcher.sees(2 * PLAYERS);
  const before = versionsOf(inEu);

  pair.cut();
  const cutAt = performance.now();
  await missEachOther();
  // Until they have gone, or are back already, that they are seen tells nothing.
  for (const [watcher, prefix] of [[inEu, "west"], [inUs, "east"]] as const) {
    await until(() => {
      const now = versionsOf(watcher);
      return [...before].every(([id, version]) =>
        !id.startsWith(prefix) || now.get(id) !== version
      );
    }, { what: `all of ${prefix} to be seen to go`, timeoutMs: LEASE_MS });
  }
  await Promise.all(watchers.map((watcher) => watcher.sees(2 * PLAYERS)));
  const backMs = performance.now() - cutAt;
  report("seen again behind the cut", [backMs]);
  // Within a third of a lease they find out and register; within another third it is looked up.
  assert.ok(backMs < LEASE_MS, `${backMs} ms`);
  await us.call("player.updateStatus", { status: "busy" });
  await until(() => [...inEu.online.values()].filter((it) => it.status === "busy").length === 50, {
    what: "changes to come by way of the store",
    timeoutMs: LEASE_MS,
  });
  // Each node takes the other for dead and ends its sessions in the store: of their own it knows better.
  assert.deepEqual([leftFrom(inEu, "east"), leftFrom(inUs, "west")], [[], []]);
  pair.heal();
  await place.settled();
  await until(() => {
    assert.deepEqual(inEu.view, inUs.view);
    return inEu.online.size === 2 * PLAYERS;
  }, { what: "both to agree" });
});

Deno.test("one of two NATS servers killed: its node goes on with the other, and nobody goes offline", async () => {
  await using inEu = await PresenceWatcher.start(place.eu, "watcher");
  await using inUs = await PresenceWatcher.start(place.us, "watcher");
  await using eu = new Crowd();
  // Those of the test before have their grace first.
  for (const watcher of [inEu, inUs]) await watcher.sees(0);
  await eu.join(place.eu.wsUrl, PLAYERS, { prefix: "fu" });
  for (const watcher of [inEu, inUs]) await watcher.sees(PLAYERS);
  const before = await place.instances();
  await place.nats.kill();
  await eu.call("player.updateStatus", { status: "away" });
  await until(() => [...inUs.online.values()].every(({ status }) => status === "away"), {
    what: "what was said meanwhile to be seen",
  });
  await place.settled();
  assert.deepEqual(await place.instances(), before);
  for (const watcher of [inEu, inUs]) assert.deepEqual(leftFrom(watcher, "fu"), []);
});
