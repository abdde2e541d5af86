import assert from "node:assert/strict";
import type { Bus } from "../../src/bus/bus.ts";
import { createMemoryBus, createMemoryExchange } from "../../src/bus/bus_memory.ts";
import { createSubjects } from "../../src/bus/subjects.ts";
import { Announcer } from "../../src/presence/announcer.ts";
import { PresenceFeed } from "../../src/presence/feed.ts";
import { Counters } from "../../src/telemetry/counters.ts";
import type { Presence } from "../../src/protocol/presence.ts";
import { FakeTime } from "./fake_time.ts";
import { brief, offline, presence, Recorder } from "./presences.ts";

const at = (location: string) => ({ location });

Deno.test("announce() publishes where the user is and where they were, each once", async () => {
  using time = new FakeTime();
  const { announcer, said } = start();
  announcer.announce(presence("ada", 1), [null]);
  announcer.announce(presence("ada", 2, at("lobby")), [null, null]);
  announcer.announce(presence("ada", 3, at("arena")), ["lobby", "lobby", "zone"]);
  announcer.announce(presence("ada", 4), ["arena"]);
  announcer.announce(presence("ada", 5, at("lobby")), ["lobby"]);
  announcer.announce(offline("ada", 6), ["lobby", null]);
  announcer.announce(offline("bob", 1), [null]);
  await time.settle();
  assert.deepEqual(said, [
    "%: ada 1",
    "lobby: ada@lobby 2",
    ...["arena: ada@arena 3", "lobby: ada@arena 3", "zone: ada@arena 3"],
    ...["%: ada 4", "arena: ada 4"],
    "lobby: ada@lobby 5",
    "lobby: ada offline 6",
    "%: bob offline 1",
  ]);
});

Deno.test("announce() tells watchers on this node without the bus", async () => {
  using time = new FakeTime();
  const { announcer, feed, bus } = start();
  bus.disconnect();
  const watcher = new Recorder();
  feed.subscribe(watcher, { all: true });
  announcer.announce(presence("ada", 1), [null]);
  await time.advance(50);
  assert.deepEqual(watcher.messages, [["ada 1"]]);
});

Deno.test("repeat() says again what fell into a cut: the newest, wherever it matters", async () => {
  using time = new FakeTime();
  const { announcer, bus, said } = start();
  announcer.announce(presence("old", 1, at("lobby")), []);
  await time.advance(10_000);
  announcer.announce(presence("ada", 1, at("lobby")), []);
  announcer.announce(presence("bob", 1), []);
  await time.advance(3000);
  // The link was broken already when that was said; only now is it noticed.
  bus.disconnect();
  said.length = 0;
  announcer.announce(presence("ada", 2, at("arena")), ["lobby"]);
  await time.advance(20_000);
  announcer.announce(presence("ada", 4, at("zone")), ["arena"]);
  announcer.announce(presence("ada", 3, at("arena")), ["arena"]);
  await time.settle();
  assert.deepEqual(said, []);
  bus.reconnect();
  announcer.repeat();
  await time.settle();
  assert.deepEqual(said.toSorted(), [
    "%: bob 1",
    "arena: ada@zone 4",
    "lobby: ada@zone 4",
    "zone: ada@zone 4",
  ]);
});

Deno.test("repeat() has nothing to say of what was said long before", async () => {
  using time = new FakeTime();
  const { announcer, said } = start();
  announcer.announce(presence("ada", 1), []);
  await time.advance(5000);
  announcer.announce(presence("bob", 1), []);
  await time.settle();
  said.length = 0;
  announcer.repeat();
  await time.settle();
  assert.deepEqual(said, ["%: bob 1"]);
});

Deno.test("announce() writes nothing that nobody hears, and repeat() nothing that nobody missed", async () => {
  using time = new FakeTime();
  const bus = createMemoryBus();
  const subjects = createSubjects("t");
  const announcer = new Announcer(bus, subjects, feedOf(bus));
  const published: string[] = [];
  const publish = bus.publish.bind(bus);
  bus.publish = (subject, data) => {
    published.push(subject);
    publish(subject, data);
  };
  announcer.announce(presence("ada", 1, at("lobby")), [null]);
  assert.deepEqual(published, []);
  bus.subscribe(subjects.presenceOfLocation("lobby"), () => {});
  announcer.announce(presence("ada", 2, at("arena")), ["lobby"]);
  assert.deepEqual(published, ["t.presence.lobby.ada"]);
  announcer.repeat();
  await time.settle();
  assert.equal(published.length, 1);
});

function feedOf(bus: Bus): PresenceFeed {
  return new PresenceFeed({
    bus,
    subjects: createSubjects("t"),
    counters: new Counters(),
    flushMs: 50,
    onMalformed: (subject) => assert.fail(subject),
  });
}

function start() {
  const exchange = createMemoryExchange();
  const [bus, other] = [exchange.connect(), exchange.connect()];
  const subjects = createSubjects("t");
  const feed = feedOf(bus);
  const said: string[] = [];
  other.subscribe(subjects.presenceOfAll(), ({ subject, data }) => {
    const { presences } = JSON.parse(data) as { presences: Presence[] };
    const place = subject.split(".")[2];
    said.push(...presences.map((presence) => `${place}: ${brief(presence)}`));
  });
  return { announcer: new Announcer(bus, subjects, feed), feed, bus, said };
}
