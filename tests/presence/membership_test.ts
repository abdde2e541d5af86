import assert from "node:assert/strict";
import { createMemoryExchange, type MemoryExchange } from "../../src/bus/bus_memory.ts";
import { createSubjects } from "../../src/bus/subjects.ts";
import { Membership } from "../../src/presence/membership.ts";
import { FakeProcess, FakeTime } from "./fake_time.ts";
import { ProcessBus } from "./process_bus.ts";

const subjects = createSubjects("t");

Deno.test("nodes know each other, and do not miss one that says goodbye", async () => {
  using time = new FakeTime();
  const [a, b, c] = startAll(createMemoryExchange());
  await time.advance(600);
  assert.deepEqual([a.knows(), b.knows(), c.knows()], [
    "b:x-0 c:x-0",
    "a:x-0 c:x-0",
    "a:x-0 b:x-0",
  ]);
  c.membership.leave();
  await time.advance(10_000);
  assert.deepEqual([a.knows(), b.knows()], ["b:x-0", "a:x-0"]);
  assert.deepEqual([a.dead, b.dead], [[], []]);
});

Deno.test("a killed node is known to be dead well within a second, by proof", async () => {
  for (const afterMs of [0, 123, 250, 377, 499]) {
    using time = new FakeTime();
    const [a, b] = startAll(createMemoryExchange());
    await time.advance(2000 + afterMs);
    b.kill();
    await time.advance(700);
    assert.deepEqual(a.dead, ["b:x-0"], `killed ${afterMs} ms after a beat`);
  }
});

Deno.test("a frozen node is convicted by its silence, and doubts itself when it goes on", async () => {
  using time = new FakeTime();
  const [a, b, c] = startAll(createMemoryExchange());
  await time.advance(2300);
  b.process.freeze();
  await time.advance(1000);
  assert.deepEqual(a.dead, []);
  await time.advance(600);
  assert.deepEqual([a.dead, c.dead], [["b:x-0"], ["b:x-0"]]);
  await time.advance(4000);
  b.process.thaw();
  await time.advance(600);
  assert.equal(b.doubts, 1);
  assert.deepEqual(b.dead, [], "it has not listened: it accuses nobody");
  assert.equal(a.knows(), "b:x-0 c:x-0");
});

Deno.test("a node that is cut off suspects nobody; those who are not find it gone", async () => {
  using time = new FakeTime();
  const [a, b, c] = startAll(createMemoryExchange());
  await time.advance(1000);
  b.bus.disconnect();
  await time.advance(5000);
  assert.deepEqual([a.dead, b.dead, c.dead], [["b:x-0"], [], ["b:x-0"]]);
  b.bus.reconnect();
  await time.advance(100);
  assert.equal(a.knows(), "b:x-0 c:x-0");
});

Deno.test("when all are cut off and come back one by one, nobody is taken for dead", async () => {
  using time = new FakeTime();
  const nodes = startAll(createMemoryExchange());
  await time.advance(1000);
  for (const { bus } of nodes) bus.disconnect();
  await time.advance(20_000);
  for (const { bus } of nodes) {
    bus.reconnect();
    await time.advance(1400);
  }
  await time.advance(5000);
  assert.deepEqual(nodes.map(({ dead }) => dead), [[], [], []]);
});

Deno.test("a node that changes its NATS server is not taken for dead, though nobody is there for a moment", async () => {
  for (const afterMs of [0, 130, 260, 490]) {
    using time = new FakeTime();
    const [a, b, c] = startAll(createMemoryExchange());
    await time.advance(2000 + afterMs);
    b.bus.disconnect();
    await time.advance(240);
    b.bus.reconnect();
    await time.advance(5000);
    assert.deepEqual([a.dead, b.dead, c.dead], [[], [], []]);
  }
});

Deno.test("a bus that stands still for a while gets nobody convicted, whoever leaves it first", async () => {
  for (let stillMs = 200; stillMs < 5000; stillMs += 370) {
    using time = new FakeTime();
    const nodes = startAll(createMemoryExchange());
    await time.advance(2000 + stillMs % 500);
    for (const { bus } of nodes) bus.freeze();
    await time.advance(stillMs);
    // After 2 s or 3 a NATS client notices, and hangs up: nobody is there under its node's name.
    if (stillMs > 2000) nodes[1].bus.disconnect();
    for (const { bus } of nodes) bus.thaw();
    await time.advance(700);
    nodes[1].bus.reconnect();
    await time.advance(3000);
    assert.deepEqual(nodes.map(({ dead }) => dead), [[], [], []], `${stillMs} ms`);
  }
});

Deno.test("who comes out of a cut between servers of the bus, or loses a beat to one, has missed something", async () => {
  using time = new FakeTime();
  const [a, b, c] = startAll(createMemoryExchange());
  await time.advance(3000);
  assert.deepEqual([a.missed, b.missed, c.missed], [0, 0, 0]);
  a.bus.isCutFrom = (subject) => subject === subjects.nodeHeartbeat("b");
  await time.advance(550);
  a.bus.isCutFrom = () => false;
  await time.advance(1000);
  assert.deepEqual([a.missed, b.missed, c.missed], [1, 0, 0], "one beat was lost");
  a.bus.isCutFrom = (subject) => subject.includes(".node.b.");
  await time.advance(10_000);
  assert.deepEqual(a.dead, ["b:x-0"]);
  a.bus.isCutFrom = () => false;
  await time.advance(600);
  assert.deepEqual([a.missed, b.missed, c.missed], [2, 0, 0], "the dead is back");
});

Deno.test("a node that goes on under a new incarnation is neither dead nor two", async () => {
  using time = new FakeTime();
  const [a, b] = startAll(createMemoryExchange());
  await time.advance(1000);
  b.instance = "b:x-1";
  b.membership.beat();
  await time.advance(10_000);
  assert.deepEqual([a.dead, a.knows()], [[], "b:x-1 c:x-0"]);
});

Deno.test("a restarted node is not mistaken for its past, even by an old beat", async () => {
  using time = new FakeTime();
  const exchange = createMemoryExchange();
  const [a, b, c] = startAll(exchange);
  await time.advance(2000);
  b.kill();
  const again = new TestNode(exchange, "b");
  again.instance = "b:y-0";
  again.membership.start();
  await time.advance(10);
  assert.deepEqual(a.dead, ["b:x-0"]);
  assert.deepEqual([a.missed, c.missed], [0, 0], "nothing but a start");
  a.bus.publish(subjects.nodeHeartbeat("b"), JSON.stringify({ ...b.beat() }));
  await time.advance(5000);
  assert.equal(a.knows(), "b:y-0 c:x-0");
  assert.ok(!a.dead.includes("b:y-0"));
});

Deno.test("bury() tells all others, and the one that was taken for dead in error", async () => {
  using time = new FakeTime();
  const [a, b, c] = startAll(createMemoryExchange());
  await time.advance(600);
  a.membership.bury("b:x-0");
  await time.advance(10);
  assert.deepEqual([a, b, c].map(({ buried, doubts }) => [buried, doubts]), [[0, 0], [0, 1], [
    1,
    0,
  ]]);
  assert.equal(c.knows(), "a:x-0");
});

Deno.test("what is no heartbeat is not heard", async () => {
  using time = new FakeTime();
  const [a] = startAll(createMemoryExchange());
  for (const text of ["", "{", "null", "[]", '{"node_id":"x","instance":"x:1"}']) {
    a.bus.publish(subjects.nodeHeartbeat("x"), text);
  }
  await time.advance(5000);
  assert.equal(a.knows(), "b:x-0 c:x-0");
});

class TestNode {
  readonly process = new FakeProcess();
  readonly dead: string[] = [];
  readonly bus: ProcessBus;
  readonly membership: Membership;
  doubts = 0;
  missed = 0;
  buried = 0;
  instance: string;
  readonly #id: string;

  constructor(exchange: MemoryExchange, id: string) {
    this.#id = id;
    this.instance = `${id}:x-0`;
    this.bus = new ProcessBus(exchange.connect(), this.process);
    this.membership = new Membership({
      bus: this.bus,
      subjects,
      nodeId: id,
      beat: () => this.beat(),
      onDead: (instance) => this.dead.push(instance),
      onBuried: () => this.buried++,
      onDoubt: () => this.doubts++,
      onMissed: () => this.missed++,
    });
    this.process.run(() => this.membership.start());
  }

  beat() {
    return {
      node_id: this.#id,
      instance: this.instance,
      region: "eu",
      connections: 0,
      started_at: "2026-01-02T03:04:05.006Z",
      is_leaving: false,
    };
  }

  knows(): string {
    return this.membership.peers.map(({ instance }) => instance).toSorted().join(" ");
  }

  kill(): void {
    this.process.end();
    this.bus.disconnect();
  }
}

function startAll(exchange: MemoryExchange): [TestNode, TestNode, TestNode] {
  return [new TestNode(exchange, "a"), new TestNode(exchange, "b"), new TestNode(exchange, "c")];
}
