import assert from "node:assert/strict";
import type { SessionState } from "../../src/presence/state.ts";
import { StoreUnavailableError } from "../../src/presence/store.ts";
import { createMemoryStore } from "../../src/presence/store_memory.ts";
import { PresenceTracker } from "../../src/presence/tracker.ts";
import { Counters } from "../../src/telemetry/counters.ts";
import { TimerWheel } from "../../src/timer_wheel.ts";
import { LEASE_MS, look, T0, WINDOW_MS } from "../conformance/store/builders.ts";
import { FakeTime } from "./fake_time.ts";
import { FaultyStore } from "./faulty_store.ts";
import { brief } from "./presences.ts";

const GRACE_MS = 1500;
const HOUR_MS = 3_600_000;

Deno.test("join(), update() and leave() are announced, with where the user was", async () => {
  using time = new FakeTime();
  const { join, tracker, announced } = await start();
  await time.run(join("ws_1"));
  await time.run(tracker.update("ws_1", { location: "lobby" }));
  await time.run(tracker.update("ws_1", { status: "busy", location: null }));
  tracker.leave("ws_1");
  await time.advance(100);
  const words = announced.map((change) => change.replace(/ \d+/, ""));
  assert.deepEqual(words, ["ada", "ada@lobby", "ada from lobby", "ada offline"]);
  assert.equal(tracker.size, 0);
});

Deno.test("update() keeps what it does not name, and outranks what was said before", async () => {
  using time = new FakeTime();
  const { join, tracker, store } = await start();
  await time.run(join("ws_1"));
  await time.run(join("ws_2"));
  await time.run(tracker.update("ws_1", { location: "lobby" }));
  await time.run(tracker.update("ws_1", { status: "away" }));
  await time.run(tracker.update("ws_2", { status: "busy" }));
  await time.run(tracker.update("ws_1", { status: "online" }));
  const { status, location, session_id, sessions } = await look(store, "ada");
  const shown = [status, location, session_id, sessions];
  assert.deepEqual(shown, ["online", "lobby", "ws_1", 2]);
});

Deno.test("breakOff() keeps the session for the grace, and not longer", async () => {
  using time = new FakeTime();
  const { join, tracker, announced, store } = await start();
  await time.run(join("ws_1"));
  tracker.breakOff("ws_1");
  await time.advance(GRACE_MS - 50);
  assert.equal((await look(store, "ada")).sessions, 1);
  await time.advance(200);
  assert.equal((await look(store, "ada")).sessions, 0);
  assert.equal(announced.length, 2);
});

Deno.test("resume() within the grace goes on as before, and shows nobody a flicker", async () => {
  using time = new FakeTime();
  const { join, tracker, announced, store } = await start();
  await time.run(join("ws_1"));
  await time.run(tracker.update("ws_1", { status: "busy", location: "lobby" }));
  tracker.breakOff("ws_1");
  await time.advance(500);
  await time.run(join("ws_2"));
  assert.equal((await time.run(tracker.resume("ws_2", "ws_1"))).changed, true);
  await time.advance(10_000);
  assert.ok(announced.every((change) => !change.includes("offline")), announced.join());
  const { status, location, sessions, session_id } = await look(store, "ada");
  assert.deepEqual([status, location, sessions, session_id], ["busy", "lobby", 1, "ws_2"]);
  assert.deepEqual([tracker.state("ws_2")?.status, tracker.size], ["busy", 1]);
});

Deno.test("resume() ends a session whose socket still seems to live, for good", async () => {
  using time = new FakeTime();
  const { join, tracker, store, node } = await start();
  await time.run(join("ws_1"));
  await time.run(join("ws_2"));
  await time.run(tracker.resume("ws_2", "ws_1"));
  await assert.rejects(time.run(tracker.update("ws_1", { status: "busy" })), StoreUnavailableError);
  await node.loseLease();
  tracker.breakOff("ws_1");
  await time.advance(10_000);
  assert.deepEqual([(await look(store, "ada")).sessions, tracker.size], [1, 1]);
});

Deno.test("resume() whose answer was lost says so when asked again, once, and ends the earlier session", async () => {
  using time = new FakeTime();
  const { join, tracker, announced, faulty, store } = await start();
  await time.run(join("ws_1"));
  await time.run(tracker.update("ws_1", { location: "arena" }));
  await time.run(join("ws_2"));
  faulty.losesAnswers = true;
  await assert.rejects(time.run(tracker.resume("ws_2", "ws_1")), StoreUnavailableError);
  await assert.rejects(time.run(tracker.resume("ws_2", "ws_1")), StoreUnavailableError);
  announced.length = 0;
  faulty.losesAnswers = false;
  await time.advance(3000);
  assert.deepEqual([announced.length, tracker.size, (await look(store, "ada")).sessions], [
    1,
    1,
    1,
  ]);
  assert.equal((await time.run(tracker.resume("ws_2", "ws_1"))).changed, true);
  assert.equal(tracker.state("ws_2")?.location, "arena");
  assert.equal((await time.run(tracker.resume("ws_2", "ws_1"))).changed, false);
  assert.equal((await time.run(tracker.resume("ws_2", "ws_0"))).changed, false);
});

Deno.test("resume() asked for again and again while the store is away does not pile up", async () => {
  using time = new FakeTime();
  const { join, tracker, faulty } = await start();
  await time.run(join("ws_1"));
  await time.run(join("ws_2"));
  faulty.isAway = true;
  for (let times = 0; times < 20; times++) {
    for (const from of ["ws_1", "ws_1", `ws_x${times}`]) {
      await assert.rejects(time.run(tracker.resume("ws_2", from)), StoreUnavailableError);
    }
  }
  faulty.isAway = false;
  faulty.calls.length = 0;
  await time.advance(5000);
  const resumes = faulty.calls.flatMap(({ changes }) => changes.map(({ op }) => op));
  assert.ok(resumes.length <= 4, resumes.join());
  assert.equal(tracker.state("ws_2")?.resumed_from, "ws_1");
});

Deno.test("a session that ends before the store heard of it is never written", async () => {
  using time = new FakeTime();
  const { join, tracker, faulty, announced } = await start();
  tracker.writer.pause();
  join("ws_1").catch(() => {});
  tracker.leave("ws_1");
  tracker.writer.resume();
  await time.advance(1000);
  assert.deepEqual([faulty.count("apply"), announced, tracker.size], [0, [], 0]);
});

Deno.test("a change whose answer was lost is announced all the same, wherever the user was shown", async () => {
  using time = new FakeTime();
  const { join, tracker, announced, faulty } = await start();
  await time.run(join("ws_1"));
  await time.run(tracker.update("ws_1", { location: "lobby" }));
  await time.advance(100);
  announced.length = 0;
  faulty.losesAnswers = true;
  await assert.rejects(tracker.update("ws_1", { location: "arena" }), StoreUnavailableError);
  await assert.rejects(tracker.update("ws_1", { location: "zone" }), StoreUnavailableError);
  await time.advance(150);
  faulty.losesAnswers = false;
  await time.advance(2000);
  assert.equal(announced.length, 1);
  assert.match(announced[0] ?? "", /^ada@zone \d+ from .*lobby/);
});

Deno.test("a leave whose answer was lost is announced", async () => {
  using time = new FakeTime();
  const { join, tracker, announced, faulty } = await start();
  await time.run(join("ws_1"));
  await time.advance(100);
  faulty.losesAnswers = true;
  tracker.leave("ws_1");
  await time.settle();
  faulty.losesAnswers = false;
  await time.advance(2000);
  assert.deepEqual(announced.map((change) => change.split(" ")[1]), [`${T0}`, "offline"]);
});

Deno.test("registerAgain() writes all sessions under the new instance, but those that are leaving", async () => {
  using time = new FakeTime();
  const { join, tracker, node, memory } = await start();
  await time.run(Promise.all(["ws_1", "ws_2", "ws_3"].map((id) => join(id))));
  await time.run(tracker.update("ws_2", { status: "busy" }));
  const told = node.leaseLost();
  tracker.leave("ws_1");
  await told;
  await node.openLease();
  await time.run(tracker.registered);
  await time.advance(1000);
  const states = (await memory.sessionsOf("ada")).map(inWords).toSorted();
  assert.deepEqual(states, ["ws_2 n1:2 busy", "ws_3 n1:2 online"]);
});

Deno.test("renew() lets the record live as long as the new token", async () => {
  using time = new FakeTime();
  const { join, tracker, faulty } = await start();
  await time.run(join("ws_1"));
  tracker.renew("ws_1", Date.now() + 5 * HOUR_MS);
  await time.advance(10);
  const [first, second] = faulty.calls.filter(({ name }) => name === "apply")
    .flatMap(({ changes }) => changes.map((change) => "ttl_ms" in change ? change.ttl_ms : 0));
  assert.equal(first, HOUR_MS + 60_000);
  assert.ok(Math.abs((second ?? 0) - 5 * HOUR_MS - 60_000) < 10);
});

Deno.test("what the store does late, after the session has left, is undone", async () => {
  using time = new FakeTime();
  const { join, tracker, store, faulty } = await start();
  faulty.lateMs = 5000;
  await assert.rejects(time.run(join("ws_1")), StoreUnavailableError);
  faulty.lateMs = 0;
  await time.advance(1000);
  tracker.leave("ws_1");
  await time.advance(1000);
  assert.equal((await look(store, "ada")).sessions, 0);
  await time.advance(2000);
  assert.equal((await look(store, "ada")).sessions, 1, "it is back");
  await time.advance(10_000);
  assert.equal((await look(store, "ada")).sessions, 0);
  assert.equal(tracker.size, 0);
});

Deno.test("what the store does late does not bring an earlier state back for good", async () => {
  using time = new FakeTime();
  const { join, tracker, store, faulty } = await start();
  await time.run(join("ws_1"));
  faulty.lateMs = 5000;
  const moving = tracker.update("ws_1", { location: "lobby" });
  await assert.rejects(time.run(moving), StoreUnavailableError);
  faulty.lateMs = 0;
  await time.advance(1000);
  await time.run(tracker.update("ws_1", { location: "arena" }));
  await time.advance(5000);
  assert.equal((await look(store, "ada")).location, "lobby");
  await time.advance(10_000);
  assert.equal((await look(store, "ada")).location, "arena");
});

Deno.test("leaveAll() ends every session, those in their grace among them", async () => {
  using time = new FakeTime();
  const { join, tracker, store } = await start();
  await time.run(Promise.all(["ws_1", "ws_2"].map((id) => join(id))));
  tracker.breakOff("ws_1");
  const left = tracker.leaveAll();
  await time.advance(100);
  await left;
  assert.deepEqual([tracker.size, (await look(store, "ada")).sessions], [0, 0]);
});

async function start() {
  const memory = createMemoryStore({ resumeWindowMs: WINDOW_MS });
  const faulty = new FaultyStore(memory);
  const announced: string[] = [];
  let incarnation = 1;
  const instance = () => `n1:${incarnation}`;
  await memory.openLease(instance(), LEASE_MS);
  const tracker: PresenceTracker = new PresenceTracker({
    store: faulty,
    wheel: new TimerWheel(() => {}),
    counters: new Counters(),
    region: "eu",
    graceMs: GRACE_MS,
    instance,
    knownVersion: () => undefined,
    announce: (presence, before) => {
      const others = before.filter((place) => place !== null && place !== presence.location);
      const left = [...new Set(others)];
      const from = presence.status === "offline" || left.length === 0 ? "" : ` from ${left}`;
      announced.push(brief(presence) + from);
    },
    onSessions: () => {},
    onLeaseLost: () => incarnation++,
    onRefused: (error) => announced.push(String(error)),
    onWasOver() {},
  });
  tracker.writer.resume();
  const node = {
    async leaseLost() {
      await memory.claim(instance(), "n2:1", 1000);
      incarnation++;
      tracker.writer.pause();
    },
    async openLease() {
      await memory.openLease(instance(), LEASE_MS);
      tracker.registerAgain();
    },
    async loseLease() {
      await node.leaseLost();
      await node.openLease();
    },
  };
  const join = (sessionId: string) =>
    tracker.join({
      sessionId,
      userId: "ada",
      name: undefined,
      connectedAtMs: Date.now(),
      tokenExpiresAtMs: Date.now() + HOUR_MS,
    });
  return { memory, store: memory, faulty, tracker, announced, node, join };
}

function inWords({ session_id, instance, status }: SessionState): string {
  return `${session_id} ${instance} ${status}`;
}
