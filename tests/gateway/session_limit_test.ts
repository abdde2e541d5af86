import { strict as assert } from "node:assert";
import type { Connection } from "../../src/gateway/connection.ts";
import { Hub } from "../../src/gateway/hub.ts";
import { SessionLimit } from "../../src/gateway/session_limit.ts";
import type { NodePresence } from "../../src/presence/presence.ts";
import type { SessionState } from "../../src/presence/state.ts";
import { TimerWheel } from "../../src/timer_wheel.ts";
import { until } from "../support/wait.ts";

const HERE = "here:1";

/** Ann's sessions on one node, and who was told to go. */
class Ann implements Disposable {
  readonly hub = new Hub();
  readonly closed: string[] = [];
  readonly left: string[] = [];
  readonly closedElsewhere: string[] = [];
  readonly limit: SessionLimit;
  readonly #connections = new Map<string, Connection>();
  readonly #wheel = new TimerWheel((error) => {
    throw error;
  }, 5);
  #watch: (sessions: readonly SessionState[]) => void = () => {};

  constructor(maxSessionsPerUser: number, node = HERE) {
    const presence = {
      lease: { isOwn: (instance: string) => instance === node },
      tracker: { leave: (id: string) => void this.left.push(id) },
      watchSessions: (watch: (sessions: readonly SessionState[]) => void) => this.#watch = watch,
    } as unknown as NodePresence;
    this.limit = new SessionLimit({
      maxSessionsPerUser,
      hub: this.hub,
      presence,
      closeElsewhere: (id) => void this.closedElsewhere.push(id),
    });
  }

  /** A socket opens. */
  open(sessionId: string): void {
    const connection = {
      sessionId,
      userId: "ann",
      isOver: false,
      fail: () => {
        this.closed.push(sessionId);
        this.drop(sessionId);
      },
    };
    const opened = connection as unknown as Connection;
    this.#connections.set(sessionId, opened);
    this.hub.add(opened);
    this.limit.expect(opened, this.#wheel);
  }

  /** A socket is gone. */
  drop(sessionId: string): void {
    const connection = this.#connections.get(sessionId);
    if (connection === undefined) return;
    Object.assign(connection, { isOver: true });
    this.hub.remove(connection);
    this.limit.forget(connection);
  }

  /** The store has written a change: these are the sessions now, told as they come. */
  async written(...sessions: readonly (string | [id: string, part: Partial<SessionState>])[]) {
    this.#watch(
      sessions.map((session) =>
        typeof session === "string" ? stateOf(session) : stateOf(...session)
      ),
    );
    await Promise.resolve();
  }

  settle(...sessionIds: readonly string[]): void {
    for (const id of sessionIds) {
      const connection = this.#connections.get(id);
      if (connection?.isOver === false) this.limit.settle(connection);
    }
  }

  [Symbol.dispose](): void {
    this.#wheel.stop();
  }
}

function stateOf(session_id: string, part: Partial<SessionState> = {}): SessionState {
  return {
    session_id,
    instance: HERE,
    region: "local",
    status: "online",
    location: null,
    updated_at_ms: 0,
    connected_at_ms: 0,
    ...part,
  };
}

const at = (connected_at_ms: number) => ({ connected_at_ms });

Deno.test("SessionLimit closes the oldest once a newcomer has let the chance to resume pass", async () => {
  using ann = new Ann(2);
  for (const id of ["a", "b", "c"]) ann.open(id);
  await ann.written(["c", at(3)], ["b", at(2)], ["a", at(1)]);
  assert.deepEqual(ann.closed, [], "it may still resume one of them");
  ann.settle("c");
  assert.deepEqual(ann.closed, ["a"]);
});

Deno.test("SessionLimit closes nobody for a newcomer that has replaced a session", async () => {
  using ann = new Ann(2);
  for (const id of ["a", "b", "c"]) ann.open(id);
  ann.drop("b");
  await ann.written(["a", at(1)], ["b", at(2)], ["c", at(3)]);
  await ann.written(["a", at(1)], ["c", { connected_at_ms: 3, resumed_from: "b" }]);
  ann.settle("c");
  assert.deepEqual([ann.closed, ann.left], [[], []]);
});

Deno.test("SessionLimit ends a broken session rather than a healthy one", async () => {
  using ann = new Ann(2);
  for (const id of ["a", "b", "c"]) ann.open(id);
  ann.drop("b");
  await ann.written(["a", at(1)], ["b", at(2)], ["c", at(3)]);
  ann.settle("c");
  assert.deepEqual([ann.closed, ann.left], [[], ["b"]]);
});

Deno.test("SessionLimit counts the sessions of other nodes", async () => {
  using ann = new Ann(1);
  ann.open("b");
  await ann.written(["a", { connected_at_ms: 1, instance: "there:1" }], ["b", at(2)]);
  ann.settle("b");
  assert.deepEqual(ann.closedElsewhere, ["a"]);
});

Deno.test("SessionLimit leaves as many as allowed of those who join everywhere in one millisecond", async () => {
  using here = new Ann(2);
  using there = new Ann(2, "there:1");
  const ids = ["d", "h", "a", "i", "c", "f", "b", "g", "e"];
  const nodeOf = (index: number) => index % 2 === 0 ? here : there;
  const states = ids.map((id, index): [string, object] => [
    id,
    { instance: nodeOf(index) === here ? HERE : "there:1" },
  ]);
  // Each hears of itself and those before it, in no order, and before anybody has gone.
  for (const [index, id] of ids.entries()) {
    const node = nodeOf(index);
    node.open(id);
    const before = states.slice(0, index + 1);
    await node.written(...before.slice(index / 2), ...before.slice(0, index / 2));
  }
  ids.forEach((id, index) => nodeOf(index).settle(id));
  const condemned = [here, there].flatMap((node) => [...node.closed, ...node.closedElsewhere]);
  assert.deepEqual(ids.filter((id) => !condemned.includes(id)), ["i", "e"]);
});

Deno.test("SessionLimit lets no flood of silent newcomers wait for their chance to resume", async () => {
  using ann = new Ann(3);
  const ids = Array.from({ length: 50 }, (_, index) => `s${index + 10}`);
  for (const [index, id] of ids.entries()) {
    ann.open(id);
    const present = ids.slice(0, index + 1).filter((each) => ann.hub.session(each) !== undefined);
    await ann.written(...present.map((each): [string, object] => [each, at(ids.indexOf(each))]));
    assert.ok(ann.hub.size <= 6, `${ann.hub.size} sessions`);
  }
});

Deno.test("SessionLimit counts a join that is written late", async () => {
  using ann = new Ann(1);
  for (const id of ["a", "b"]) {
    ann.open(id);
    ann.settle(id);
  }
  await ann.written(["a", at(1)]);
  await ann.written(["a", at(1)], ["b", at(2)]);
  assert.deepEqual(ann.closed, [], "its client may try once more to resume");
  await until(() => ann.closed.length > 0, { what: "the limit" });
  assert.deepEqual(ann.closed, ["a"]);
});
