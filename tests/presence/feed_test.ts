import assert from "node:assert/strict";
import type { Bus } from "../../src/bus/bus.ts";
import { createMemoryBus, createMemoryExchange } from "../../src/bus/bus_memory.ts";
import { createSubjects } from "../../src/bus/subjects.ts";
import type { Interest } from "../../src/presence/audiences.ts";
import { PresenceFeed } from "../../src/presence/feed.ts";
import type { Presence } from "../../src/protocol/presence.ts";
import { Counters } from "../../src/telemetry/counters.ts";
import { FakeTime } from "./fake_time.ts";
import { offline, presence, Recorder } from "./presences.ts";

const subjects = createSubjects("t");
const FLUSH_MS = 50;
const at = (location: string) => ({ location });

Deno.test("offer() tells an audience of all changes of a gathering in one message, encoded once", async () => {
  using time = new FakeTime();
  const { feed, watch } = start();
  const watchers = [watch({ all: true }), watch({ all: true })];
  for (const id of ["ada", "bob", "ada"]) feed.offer(presence(id, 1));
  feed.offer(presence("ada", 2));
  await time.advance(FLUSH_MS);
  for (const { messages } of watchers) assert.deepEqual(messages, [["ada 2", "bob 1"]]);
  const [text, other] = watchers.map(({ texts }) => texts[0]);
  assert.equal(text, other);
  assert.deepEqual(JSON.parse(text ?? ""), {
    jsonrpc: "2.0",
    method: "presence.updated",
    params: { presences: [presence("ada", 2), presence("bob", 1)] },
  });
});

Deno.test("offer() waits for nothing when there is nothing to tell", async () => {
  using time = new FakeTime();
  const { feed, watch, counters } = start();
  const watcher = watch({ all: true });
  feed.offer(presence("ada", 1));
  await time.advance(FLUSH_MS);
  feed.offer(presence("ada", 1));
  await time.advance(1000);
  assert.deepEqual(watcher.messages, [["ada 1"]]);
  assert.equal(counters.presenceFlushes, 1);
});

Deno.test("who watches a location is told of those who come, change and go", async () => {
  using time = new FakeTime();
  const { feed, watch } = start();
  const lobby = watch({ locations: ["lobby"] });
  const arena = watch({ locations: ["arena"] });
  const moves: [Presence, string[]][] = [
    [presence("ada", 1, at("lobby")), []],
    [presence("ada", 2, { ...at("lobby"), status: "busy" }), []],
    [presence("ada", 3, at("arena")), ["lobby"]],
    [offline("ada", 4), ["arena"]],
    [presence("bob", 1, at("zone")), []],
  ];
  for (const [change, before] of moves) {
    feed.offer(change, before);
    await time.advance(FLUSH_MS);
  }
  assert.deepEqual(lobby.messages.flat(), ["ada@lobby 1", "ada@lobby 2", "ada@arena 3"]);
  assert.deepEqual(arena.messages.flat(), ["ada@arena 3", "ada offline 4"]);
});

Deno.test("who watches a user in several ways is told once", async () => {
  using time = new FakeTime();
  const { feed, watch } = start();
  const both = watch({ users: ["ada"], locations: ["lobby"] });
  const everything = watch({ users: ["ada"], locations: ["lobby"], all: true });
  const user = watch({ users: ["ada"] });
  feed.offer(presence("ada", 1, at("lobby")));
  await time.advance(FLUSH_MS);
  for (const watcher of [both, everything, user]) {
    assert.deepEqual(watcher.messages, [["ada@lobby 1"]]);
  }
});

Deno.test("unsubscribe() and release() end the telling", async () => {
  using time = new FakeTime();
  const { feed, watch } = start();
  const [a, b] = [watch({ users: ["ada"] }), watch({ users: ["ada"] })];
  feed.unsubscribe(a, { users: ["ada"] });
  feed.release(b);
  feed.offer(presence("ada", 1));
  await time.advance(FLUSH_MS);
  assert.deepEqual([...a.messages, ...b.messages], []);
});

Deno.test("catchUp() gives one who lagged the newest of each user, then goes on as ever", async () => {
  using time = new FakeTime();
  const { feed, watch } = start();
  const watcher = watch({ all: true });
  watcher.isLagging = true;
  for (const version of [1, 2, 3]) {
    feed.offer(presence("ada", version));
    if (version === 1) feed.offer(presence("bob", 1));
    await time.advance(FLUSH_MS);
  }
  watcher.isLagging = false;
  feed.offer(offline("bob", 2));
  await time.advance(FLUSH_MS);
  assert.deepEqual(watcher.messages, [], "order is kept until it has caught up");
  feed.catchUp(watcher);
  feed.catchUp(watcher);
  feed.offer(presence("ada", 4));
  await time.advance(FLUSH_MS);
  assert.deepEqual(watcher.messages, [["ada 3", "bob offline 2"], ["ada 4"]]);
});

Deno.test("a flush that takes long stretches the window, up to a second", async () => {
  using time = new FakeTime();
  const { feed, watch, counters } = start();
  const watcher = watch({ all: true });
  const flushesWithin = async (ms: number) => {
    const before = counters.presenceFlushes;
    for (let passed = 0; passed < ms; passed += 10) {
      feed.offer(presence("ada", time.nowMs));
      await time.advance(10);
    }
    return counters.presenceFlushes - before;
  };
  const quick = await flushesWithin(3000);
  watcher.send = () => time.jump(60);
  const slow = await flushesWithin(3000);
  watcher.send = () => time.jump(900);
  const slowest = await flushesWithin(30_000);
  assert.ok(quick > 45, `${quick} in 3 s`);
  assert.ok(slow >= 5 && slow <= 14, `${slow} in 3 s at 60 ms each`);
  assert.ok(slowest >= 12, `${slowest} in 30 s at 900 ms each`);
  await time.advance(5000);
  assert.equal(await flushesWithin(FLUSH_MS + 10), 1, "the next change does not pay for it");
});

Deno.test("the bus is asked for just what somebody here watches", () => {
  using _time = new FakeTime();
  const { feed, bus, watch } = start();
  const patterns = new Set<string>();
  const subscribe = bus.subscribe.bind(bus);
  bus.subscribe = (pattern, handler, options) => {
    patterns.add(pattern);
    const subscription = subscribe(pattern, handler, options);
    return { unsubscribe: () => (patterns.delete(pattern), subscription.unsubscribe()) };
  };
  const [a, b] = [watch({ users: ["ada"] }), watch({ users: ["ada"], locations: ["lobby"] })];
  assert.deepEqual([...patterns], ["t.presence.*.ada", "t.presence.lobby.*"]);
  feed.unsubscribe(a, { users: ["ada"] });
  assert.equal(patterns.size, 2);
  feed.release(b);
  watch({ all: true });
  assert.deepEqual([...patterns], ["t.presence.*.*"]);
  feed.stop();
  assert.equal(patterns.size, 0);
});

Deno.test("changes come over the bus, each once; what has another shape is dropped", async () => {
  using time = new FakeTime();
  const { bus, watch, malformed, counters } = start();
  const watcher = watch({ users: ["ada"], locations: ["lobby"] });
  const send = (subject: string, data: unknown) => bus.publish(subject, JSON.stringify(data));
  for (const place of ["lobby", null]) {
    send(subjects.presence(place, "ada"), { presences: [presence("ada", 1, at("lobby"))] });
  }
  send(subjects.presence("lobby", "bob"), { presences: [{ user_id: "bob" }] });
  bus.publish(subjects.presence("lobby", "bob"), "{");
  await time.advance(FLUSH_MS);
  assert.deepEqual(watcher.messages, [["ada@lobby 1"]]);
  assert.deepEqual(malformed, [1, 2].map(() => "t.presence.lobby.bob"));
  assert.equal(counters.busMalformed, 2);
});

Deno.test("correct() tells of what was missed, also that the store has lost a user", async () => {
  using time = new FakeTime();
  const { feed, watch } = start();
  const lobby = watch({ locations: ["lobby"] });
  feed.show(["ada", "bob", "cyd"].map((id) => presence(id, 5, at("lobby"))));
  feed.correct(presence("ada", 5, at("lobby")));
  feed.correct(presence("bob", 9, at("arena")));
  feed.correct({ ...offline("cyd", 0), last_seen: null }, feed.newest("cyd"));
  feed.correct({ ...offline("nobody", 0), last_seen: null });
  await time.advance(FLUSH_MS);
  assert.deepEqual(lobby.messages, [["ada@lobby 5", "bob@arena 9", "cyd offline 6"]]);
});

Deno.test("correct() does not take for lost who has come while the store was asked", async () => {
  using time = new FakeTime();
  const { feed, watch } = start();
  const watcher = watch({ users: ["ada", "bob"] });
  feed.show([presence("bob", 1)]);
  const before = ["ada", "bob"].map((id) => feed.newest(id));
  feed.offer(presence("ada", 3));
  feed.offer(presence("bob", 4));
  for (const [at, id] of ["ada", "bob"].entries()) {
    feed.correct({ ...offline(id, 0), last_seen: null }, before[at]);
  }
  await time.advance(FLUSH_MS);
  assert.deepEqual(watcher.messages.flat().toSorted(), ["ada 3", "bob 4"]);
});

Deno.test("on a bus that is never cut nothing is gathered while nobody watches, and all is forgotten", async () => {
  using time = new FakeTime();
  const { feed, watch, counters } = start(createMemoryBus());
  const read = [presence("ada", 1)];
  feed.offer(presence("ada", 2));
  assert.deepEqual(feed.show(read), read);
  await time.advance(1000);
  assert.deepEqual([counters.presenceFlushes, [...feed.shownOnline]], [0, []]);
  const first = watch({ users: ["ada"] });
  feed.offer(presence("ada", 2, at("lobby")));
  await time.advance(FLUSH_MS);
  assert.deepEqual([...feed.shownOnline], ["ada"]);
  feed.release(first);
  assert.deepEqual([...feed.shownOnline], []);
  const second = watch({ locations: ["lobby"] });
  feed.show([presence("ada", 3, at("lobby"))]);
  feed.offer(offline("ada", 4));
  await time.advance(FLUSH_MS);
  assert.deepEqual([first.messages, second.messages], [[["ada@lobby 2"]], [["ada offline 4"]]]);
});

Deno.test("news said again is no news to who began to watch after it", async () => {
  using time = new FakeTime();
  const { feed, watch } = start();
  feed.offer(offline("ada", 2));
  await time.advance(FLUSH_MS);
  const watcher = watch({ all: true });
  feed.release(watcher);
  feed.subscribe(watcher, { all: true });
  feed.offer(offline("ada", 2));
  await time.advance(FLUSH_MS);
  assert.deepEqual(watcher.messages, []);
});

Deno.test("who begins to watch is told nothing older than that: the snapshot knows better", async () => {
  using time = new FakeTime();
  const { feed, watch } = start();
  const friend = watch({ users: ["ada"] });
  feed.offer(presence("ada", 1, at("lobby")));
  feed.offer(presence("bob", 1, at("lobby")));
  const lobby = watch({ locations: ["lobby"] });
  const all = watch({ all: true });
  feed.offer(presence("bob", 2, at("lobby")));
  await time.advance(FLUSH_MS);
  assert.deepEqual(lobby.messages, [["bob@lobby 2"]]);
  assert.deepEqual(all.messages, [["bob@lobby 2"]]);
  assert.deepEqual(friend.messages, [["ada@lobby 1"]]);
  feed.offer(presence("ada", 2, at("lobby")));
  await time.advance(FLUSH_MS);
  for (const { messages } of [lobby, all]) {
    assert.deepEqual(messages, [["bob@lobby 2"], ["ada@lobby 2"]]);
  }
});

Deno.test("who watches a user is told of them, though beginning to watch more", async () => {
  for (const more of [{ all: true }, { locations: ["lobby"] }]) {
    using time = new FakeTime();
    const { feed, watch } = start();
    const friend = watch({ users: ["ada"] });
    const there = watch({ locations: ["arena"] });
    feed.offer(presence("ada", 1, at("lobby")), ["arena"]);
    feed.subscribe(friend, more);
    feed.subscribe(there, more);
    await time.advance(FLUSH_MS);
    for (const { messages } of [friend, there]) assert.deepEqual(messages, [["ada@lobby 1"]]);
  }
});

Deno.test("stop() leaves nothing behind", () => {
  // Real timers: one that is left would fail the test.
  const { feed, watch } = start();
  watch({ all: true });
  feed.offer(presence("ada", 1));
  feed.stop();
  feed.offer(presence("bob", 1));
});

function start(bus: Bus = createMemoryExchange().connect()) {
  const counters = new Counters();
  const malformed: string[] = [];
  const feed = new PresenceFeed({
    bus,
    subjects,
    counters,
    flushMs: FLUSH_MS,
    onMalformed: (subject) => malformed.push(subject),
  });
  function watch(interest: Interest): Recorder {
    const watcher = new Recorder();
    feed.subscribe(watcher, interest);
    return watcher;
  }
  return { feed, bus, counters, malformed, watch };
}
