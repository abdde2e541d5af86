/**
 * Stories of a cluster that the model may take long to come upon.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Presence } from "../../src/protocol/presence.ts";
import { type ClientSession, Cluster, type ClusterNode, NODE_LEASE_MS } from "./cluster.ts";
import { MemoryPlace } from "./cluster_places.ts";
import { FakeTime } from "./fake_time.ts";
import { brief } from "./presences.ts";
import { View } from "./view.ts";

Deno.test("the players of a killed node are offline for everybody within a second", async () => {
  for (const afterMs of [0, 170, 333, 499]) {
    using time = new FakeTime();
    const { cluster, a, b } = await start(time);
    for (let at = 0; at < 50; at++) cluster.join(b, `u${at}`);
    const view = watch(a, { all: true });
    await time.advance(5000 + afterMs);
    assert.equal(view.online.size, 50);
    b.crash();
    await time.advance(900);
    assert.equal(view.online.size, 0, `killed ${afterMs} ms later`);
  }
});

Deno.test("the players of a frozen node go, and come back with it, at once", async () => {
  using time = new FakeTime();
  const { cluster, a, b } = await start(time);
  for (let at = 0; at < 50; at++) cluster.join(b, `u${at}`);
  const view = watch(a, { all: true });
  await time.advance(5000);
  b.process.freeze();
  await time.advance(2400);
  assert.equal(view.online.size, 0);
  await time.advance(3600);
  b.process.thaw();
  await time.advance(500);
  assert.equal(view.online.size, 50);
});

Deno.test("a node that was cut off and taken for dead is back with the bus", async () => {
  using time = new FakeTime();
  const { cluster, a, b } = await start(time);
  cluster.join(b, "ada");
  const view = watch(a, { all: true });
  await time.advance(5000);
  b.bus.disconnect();
  await time.advance(1000);
  assert.equal(view.online.size, 0);
  b.bus.reconnect();
  await time.advance(300);
  assert.equal(view.online.size, 1);
});

Deno.test("a node whose sessions were ended in error shows nobody of its own as gone", async () => {
  using time = new FakeTime();
  const { cluster, a, b } = await start(time);
  cluster.join(a, "ada");
  cluster.join(b, "bob");
  const view = watch(a, { all: true });
  await time.advance(5000);
  const statuses = statusesSent(view);
  const store = cluster.place.open();
  const { instance } = a.presence.lease;
  await time.run(store.claim(instance, b.presence.lease.instance, 1000));
  await time.run(store.reap(instance, time.nowMs));
  // That the other died as well makes it look up what it watches.
  b.crash();
  await time.advance(900);
  assert.deepEqual([...view.online.keys()], ["ada"]);
  assert.ok(!statuses.has("ada offline"), [...statuses].join());
  const { presences } = await time.run(store.list({ limit: 10 }));
  assert.deepEqual(presences.map(({ user_id }) => user_id), ["ada"], "it is registered again");
});

Deno.test("what a node wrote and had not told when it died is found in the store", async () => {
  using time = new FakeTime();
  const { cluster, a, b } = await start(time);
  cluster.join(b, "ada");
  cluster.join(b, "bob");
  const view = watch(a, { all: true });
  await time.advance(5000);
  b.bus.disconnect();
  const [ada] = b.live;
  if (ada !== undefined) b.leave(ada);
  cluster.join(b, "cyd");
  await time.advance(20);
  b.crash();
  await time.advance(1500);
  assert.deepEqual([...view.online.values()].map(brief), []);
});

Deno.test("a node alone that restarts under its name ends its past with the first who comes back", async () => {
  using time = new FakeTime();
  const { cluster, a, b } = await start(time);
  a.crash();
  for (let at = 0; at < 5; at++) cluster.join(b, `u${at}`);
  await time.advance(100);
  b.crash();
  cluster.start(1);
  const [, again] = cluster.nodes as [ClusterNode, ClusterNode];
  await time.advance(100);
  const view = watch(again, { all: true });
  await time.advance(100);
  assert.equal(view.online.size, 5, "nobody else could know");
  cluster.join(again, "u0");
  await time.advance(100);
  assert.deepEqual([...view.online.keys()], ["u0"]);
  assert.equal(view.online.get("u0")?.sessions, 1);
});

Deno.test("a store that was away longer than a lease shows nobody a flicker", async () => {
  using time = new FakeTime();
  const { cluster, a, b } = await start(time);
  for (let at = 0; at < 500; at++) cluster.join(at % 2 === 0 ? a : b, `u${at}`);
  await time.advance(3000);
  const view = watch(b, { all: true });
  await time.advance(100);
  const seen = statusesSent(view);
  a.store.isAway = b.store.isAway = true;
  await time.advance(20_000);
  a.store.isAway = b.store.isAway = false;
  await time.advance(10_000);
  assert.ok([...seen].every((it) => it.endsWith(" online")), [...seen].join());
  assert.deepEqual([seen.size > 0, view.online.size], [true, 500]);
});

Deno.test("a store and a bus that were away longer than a lease show nobody a flicker", async () => {
  for (const apartMs of [0, 120, 250, 400]) {
    using time = new FakeTime();
    const { cluster, a, b } = await start(time);
    for (let at = 0; at < 50; at++) cluster.join(at % 2 === 0 ? a : b, `u${at}`);
    await time.advance(3000);
    const views = [watch(a, { all: true }), watch(b, { all: true })];
    await time.advance(100);
    const seen = views.map(statusesSent);
    for (const node of [a, b]) node.bus.disconnect();
    for (const node of [a, b]) {
      node.store.isAway = true;
      await time.advance(apartMs);
    }
    await time.advance(20_000);
    for (const node of [a, b]) node.store.isAway = false;
    // The first to be back with the bus looks up what it missed.
    for (const node of [a, b]) {
      node.bus.reconnect();
      await time.advance(450);
    }
    await time.advance(10_000);
    for (const [at, statuses] of seen.entries()) {
      assert.ok([...statuses].every((it) => it.endsWith(" online")), [...statuses].join());
      assert.equal(views[at]?.online.size, 50, `${apartMs} ms apart`);
    }
  }
});

Deno.test("who asks for everyone while a store comes back takes nobody for dead", async () => {
  using time = new FakeTime();
  const { cluster, a, b } = await start(time);
  for (let at = 0; at < 50; at++) cluster.join(at % 2 === 0 ? a : b, `u${at}`);
  const view = watch(a, { all: true });
  await time.advance(3000);
  const seen = statusesSent(view);
  a.store.isAway = b.store.isAway = true;
  await time.advance(20_000);
  a.store.isAway = false;
  for (let at = 0; at < 8; at++) {
    await time.run(a.process.run(() => a.presence.snapshots.list({ limit: 100 })));
    await time.advance(50);
  }
  b.store.isAway = false;
  await time.advance(10_000);
  assert.ok([...seen].every((it) => it.endsWith(" online")), [...seen].join());
  assert.equal(view.online.size, 50);
});

Deno.test("who died while the store was away is offline soon after its return", async () => {
  using time = new FakeTime();
  const { cluster, a, b } = await start(time);
  for (let at = 0; at < 50; at++) cluster.join(at % 2 === 0 ? a : b, `u${at}`);
  const view = watch(a, { all: true });
  await time.advance(3000);
  for (const node of [a, b]) {
    node.bus.disconnect();
    node.store.isAway = true;
  }
  await time.advance(5000);
  b.crash();
  await time.advance(5000);
  a.store.isAway = false;
  a.bus.reconnect();
  await time.advance(2500);
  assert.equal(view.online.size, 25);
});

Deno.test("who begins to watch on a node that heard of nothing until then sees nobody where they left", async () => {
  using time = new FakeTime();
  const { cluster, a, b } = await start(time);
  cluster.join(b, "cyd");
  cluster.join(a, "cyd");
  await time.advance(1000);
  const [here] = a.live;
  const [there] = b.live;
  assert.ok(here !== undefined && there !== undefined);
  b.update(there.id, { location: "lobby" });
  await time.settle();
  a.leave(here);
  await time.settle();
  b.update(there.id, { location: null });
  await time.settle();
  const view = watch(a, { locations: ["lobby"] });
  await time.advance(1000);
  assert.deepEqual([...view.online.keys()], []);
});

Deno.test("after a drain the others know, without a reap and without a doubt", async () => {
  using time = new FakeTime();
  const { cluster, a, b } = await start(time);
  cluster.join(b, "ada");
  const view = watch(a, { all: true });
  await time.advance(1000);
  const before = a.store.count("claim");
  await time.run(b.process.run(() => b.presence.leave()));
  b.process.run(() => b.presence.stop());
  await time.advance(60);
  assert.equal(view.online.size, 0);
  await time.advance(10_000);
  assert.equal(a.store.count("claim"), before);
  assert.deepEqual((await cluster.place.open().list({ limit: 1 })).lapsed, []);
});

Deno.test("a drain while the store is away ends soon; the others see to the rest", async () => {
  using time = new FakeTime();
  const { cluster, a, b } = await start(time);
  cluster.join(b, "ada");
  const view = watch(a, { all: true });
  await time.advance(1000);
  b.store.isAway = true;
  await time.run(b.process.run(() => b.presence.leave()));
  b.process.run(() => b.presence.stop());
  b.crash();
  await time.advance(1000);
  assert.equal(view.online.size, 0);
});

Deno.test("a change is shown even if a store that lost its data is behind what watchers were told", async () => {
  using time = new FakeTime();
  const { cluster, a, b } = await start(time);
  const id = cluster.join(a, "ada");
  const view = watch(b, { all: true });
  const own = watch(a, { all: true });
  await time.advance(1000);
  // A node whose clock is 20 s ahead has said so, and what it stored is lost.
  const ahead = { ...view.online.get("ada") as Presence, version: time.nowMs + 20_000 };
  b.process.run(() => b.presence.feed.show([ahead]));
  a.process.run(() => a.presence.feed.show([ahead]));
  a.update(id, { status: "busy" });
  await time.advance(1000);
  for (const { online } of [view, own]) assert.equal(online.get("ada")?.status, "busy");
});

Deno.test("who came back elsewhere and left, unheard, is not shown for the session that broke here", async () => {
  using time = new FakeTime();
  const { cluster, a, b } = await start(time);
  const view = watch(a, { all: true });
  const first = cluster.join(a, "ada");
  await time.advance(1000);
  a.bus.holdsPresence = true;
  b.resume(cluster.join(b, "ada"), first);
  await time.advance(200);
  a.bus.disconnect();
  b.leave(b.sessions[0] as ClientSession);
  await time.advance(20);
  a.heal();
  // What is watched is looked up while the broken session has its grace.
  a.breakOff(a.sessions[0] as ClientSession);
  await time.advance(3000);
  assert.deepEqual([...view.online.values()], []);
});

Deno.test("a store that is late with what is written anew is not asked over and over meanwhile", async () => {
  using time = new FakeTime();
  const { cluster, a, b } = await start(time);
  watch(a, { all: true });
  cluster.join(a, "ada");
  cluster.join(b, "bob");
  // They lose sight of each other, but for the store.
  b.bus.disconnect();
  await time.advance(3 * NODE_LEASE_MS);
  const asked = a.store.calls.length;
  Object.assign(a.store, { latencyMs: 5, lateMs: 3500 });
  await cluster.flush();
  await time.advance(2 * NODE_LEASE_MS);
  const calls = a.store.calls.length - asked;
  assert.ok(calls < 60, `${calls} calls in two leases`);
});

async function start(time: FakeTime) {
  const cluster = new Cluster(time, new MemoryPlace(time), 2);
  await time.advance(1000);
  const [a, b] = cluster.nodes as [ClusterNode, ClusterNode];
  return { cluster, a, b };
}

function watch(node: ClusterNode, interest: View["interest"]): View {
  const view = new View(interest, new Map(), node.failures);
  node.watch(view);
  return view;
}

/** Each user with each status that a view is sent from now on. */
function statusesSent(view: View): Set<string> {
  const seen = new Set<string>();
  const send = view.send.bind(view);
  view.send = (message) => {
    for (const { user_id, status } of JSON.parse(message).params.presences) {
      seen.add(`${user_id} ${status}`);
    }
    send(message);
  };
  return seen;
}
