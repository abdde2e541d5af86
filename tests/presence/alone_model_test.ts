/**
 * A node alone, in memory, where nothing is gathered while nobody watches: whoever watches, whenever
 * they began to, sees what the store says. `WAYGATE_TEST_MODEL_RUNS` asks for more runs.
 *
 * @module
 */
import assert from "node:assert/strict";
import process from "node:process";
import fc from "fast-check";
import { createMemoryBus } from "../../src/bus/bus_memory.ts";
import { createSubjects } from "../../src/bus/subjects.ts";
import type { Interest } from "../../src/presence/audiences.ts";
import { NodePresence } from "../../src/presence/presence.ts";
import { createMemoryStore } from "../../src/presence/store_memory.ts";
import { Counters } from "../../src/telemetry/counters.ts";
import { TimerWheel } from "../../src/timer_wheel.ts";
import { pagesOf, WINDOW_MS } from "../conformance/store/builders.ts";
import { FakeTime } from "./fake_time.ts";
import { View } from "./view.ts";

const FLUSH_MS = 50;
const GRACE_MS = 400;

const pick = fc.nat(5);
const step = fc.oneof(
  fc.record({ kind: fc.constant("join"), user: fc.constantFrom("ada", "bob", "cyd") }),
  fc.record({ kind: fc.constant("move"), pick, to: fc.constantFrom(null, "lobby", "arena") }),
  fc.record({ kind: fc.constantFrom("leave", "break", "unwatch"), pick }),
  fc.record({
    kind: fc.constant("watch"),
    interest: fc.constantFrom<Interest>(
      { all: true },
      { locations: ["lobby"] },
      { users: ["ada", "bob"] },
    ),
  }),
  fc.record({ kind: fc.constant("pass"), ms: fc.constantFrom(1, 30, 60, 500) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

Deno.test("a node alone: who watches sees what the store says, whenever they began to", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), async (steps) => {
      using time = new FakeTime();
      const node = new Alone();
      await node.presence.start();
      for (const step of steps) {
        if ("ms" in step) await time.advance(step.ms);
        else node.take(step);
      }
      await time.advance(GRACE_MS + 3 * FLUSH_MS);
      await node.compare();
      node.presence.stop();
    }),
    { numRuns: Number(process.env["WAYGATE_TEST_MODEL_RUNS"] || 120) },
  );
});

class Alone {
  readonly #store = createMemoryStore({ resumeWindowMs: WINDOW_MS });
  readonly #sessions: string[] = [];
  readonly #views: View[] = [];
  readonly #contents = new Map<string, string>();
  readonly #failures: string[] = [];
  #made = 0;
  readonly presence = new NodePresence({
    store: this.#store,
    bus: createMemoryBus(),
    subjects: createSubjects("t"),
    counters: new Counters(),
    wheel: new TimerWheel((error) => this.#failures.push(String(error))),
    nodeId: "n1",
    region: "eu",
    leaseMs: 3_600_000,
    graceMs: GRACE_MS,
    flushMs: FLUSH_MS,
    connections: () => 0,
    log: {
      reaped() {},
      leaseLost() {},
      storeAway() {},
      storeBack() {},
      malformed: (subject) => this.#failures.push(subject),
      failed: (what, error) => this.#failures.push(`${what}: ${error}`),
    },
  });

  take(step: Exclude<Step, { ms: number }>): void {
    const { tracker, feed } = this.presence;
    if ("user" in step) this.#join(step.user);
    else if ("interest" in step) void this.#watch(step.interest);
    else if (step.kind === "unwatch") {
      const [view] = this.#views.splice(step.pick, 1);
      if (view !== undefined) feed.release(view);
    } else if ("to" in step) {
      const id = this.#sessions[step.pick];
      if (id !== undefined) void tracker.update(id, { location: step.to });
    } else {
      const [id] = this.#sessions.splice(step.pick, 1);
      if (id !== undefined) step.kind === "leave" ? tracker.leave(id) : tracker.breakOff(id);
    }
  }

  async compare(): Promise<void> {
    assert.deepEqual(this.#failures, []);
    for (const view of this.#views) {
      const { users, locations: [location] = [] } = view.interest;
      const listed = (await pagesOf(this.#store, location, 5)).flatMap((page) => page.presences);
      const seen = listed.filter(({ user_id }) => users === undefined || users.includes(user_id));
      assert.deepEqual(view.online, new Map(seen.map((it) => [it.user_id, it])));
    }
  }

  #join(userId: string): void {
    const sessionId = `ws_${++this.#made}`;
    const connectedAtMs = Date.now();
    const tokenExpiresAtMs = connectedAtMs + 3_600_000;
    const session = { sessionId, userId, name: undefined, connectedAtMs, tokenExpiresAtMs };
    void this.presence.tracker.join(session);
    this.#sessions.push(sessionId);
  }

  async #watch(interest: Interest): Promise<void> {
    const { feed, snapshots } = this.presence;
    const view = new View(interest, this.#contents, this.#failures);
    this.#views.push(view);
    feed.subscribe(view, interest);
    await feed.settle();
    view.apply((await snapshots.of(interest)).presences);
  }
}
