/**
 * What may happen to a cluster, for fast-check to put into any order.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Interest } from "../../src/presence/audiences.ts";
import { outranks, type SessionState } from "../../src/presence/state.ts";
import type { Presence } from "../../src/protocol/presence.ts";
import { pagesOf } from "../conformance/store/builders.ts";
import { type Cluster, type ClusterNode, NODE_LEASE_MS } from "./cluster.ts";

type Command = fc.AsyncCommand<Cluster, undefined>;

const USERS = ["ada", "bob", "cyd"];
const LOCATIONS = ["lobby", "arena"];

/** After so long without trouble everything must be right: claims, leases and repairs take their time. */
const QUIET_MS = 5 * NODE_LEASE_MS;

const node = fc.nat(1);
const user = fc.constantFrom(...USERS);
const pick = fc.nat(7);
const patch = fc.record({
  status: fc.constantFrom("online" as const, "away" as const, "busy" as const),
  location: fc.constantFrom(null, ...LOCATIONS),
}, { requiredKeys: [] });
const interest: fc.Arbitrary<Interest> = fc.constantFrom<Interest>(
  { all: true },
  { locations: ["lobby"] },
  { locations: ["arena"] },
  { users: ["ada", "cyd"] },
  { users: ["bob"], locations: ["lobby"] },
);

/** Longest run. */
const MAX_COMMANDS = 40;

/** All that may happen to a cluster of two nodes or three. */
export const commands: fc.Arbitrary<Iterable<Command>> = fc.commands([
  fc.tuple(node, user).map(([at, id]) => join(at, id)),
  fc.tuple(node, user).map(([at, id]) => join(at, id)),
  fc.tuple(node, pick, patch).map(([at, which, patch]) => update(at, which, patch)),
  fc.tuple(node, pick, patch).map(([at, which, patch]) => update(at, which, patch)),
  fc.tuple(node, pick).map(([at, which]) => leave(at, which)),
  fc.tuple(node, pick).map(([at, which]) => breakOff(at, which)),
  fc.tuple(node, user, pick).map(([at, id, which]) => resume(at, id, which)),
  fc.tuple(node, interest).map(([at, interest]) => watch(at, interest)),
  fc.tuple(node, pick).map(([at, which]) => unwatch(at, which)),
  fc.tuple(node, pick, fc.boolean()).map(([at, which, lags]) => lag(at, which, lags)),
  node.map(crash),
  fc.tuple(node, fc.constantFrom(-70_000, 0, 70_000)).map(([at, ms]) => restart(at, ms)),
  node.map((at) => onRunning(`freeze(${at})`, at, (node) => node.process.freeze())),
  node.map((at) => command(`thaw(${at})`, ({ nodes }) => nodes[at]?.process.thaw())),
  node.map((at) => onRunning(`cut(${at})`, at, (node) => node.bus.disconnect())),
  node.map((at) => onRunning(`mend(${at})`, at, (node) => node.bus.reconnect())),
  node.map((at) => onRunning(`hold(${at})`, at, (node) => node.bus.holdsPresence = true)),
  fc.tuple(node, fc.array(fc.nat(99), { minLength: 3, maxLength: 6 }))
    .map(([at, order]) => deliver(at, order)),
  fc.tuple(node, fc.constantFrom("isAway" as const, "losesAnswers" as const), fc.boolean())
    .map(([at, fault, isOn]) => setStore(at, fault, isOn)),
  fc.tuple(node, fc.constantFrom(0, 2100, 3500))
    .map(([at, ms]) => onRunning(`late(${at}, ${ms})`, at, (node) => node.store.lateMs = ms)),
  fc.tuple(node, fc.constantFrom(-70_000, -60, 60, 70_000)).map(([at, ms]) => setClock(at, ms)),
  fc.constantFrom(3, 30, 120, 800, 2000, 2 * NODE_LEASE_MS).map(pass),
  fc.constantFrom(3, 30, 120, 800, 2000, 2 * NODE_LEASE_MS).map(pass),
  fc.constant(flush()),
  fc.constant(quiet()),
], { maxCommands: MAX_COMMANDS, size: "max" });

function join(at: number, userId: string): Command {
  return onRunning(`join(${at}, ${userId})`, at, (node, cluster) => cluster.join(node, userId));
}

function update(at: number, which: number, patch: Parameters<ClusterNode["update"]>[1]): Command {
  return onRunning(`update(${at}, ${which}, ${fc.stringify(patch)})`, at, (node) => {
    const session = choose(node.live, which);
    if (session !== undefined) node.update(session.id, patch);
  });
}

function leave(at: number, which: number): Command {
  return onRunning(`leave(${at}, ${which})`, at, (node) => {
    const session = choose(node.live, which);
    if (session !== undefined) node.leave(session);
  });
}

function breakOff(at: number, which: number): Command {
  return onRunning(`breakOff(${at}, ${which})`, at, (node) => {
    const session = choose(node.live, which);
    if (session !== undefined) node.breakOff(session);
  });
}

/** A client comes back; the connection that it had is broken, whether or not its node knows. */
function resume(at: number, userId: string, which: number): Command {
  return onRunning(`resume(${at}, ${userId}, ${which})`, at, (node, cluster) => {
    const from = choose(cluster.past.get(userId) ?? [], which);
    const id = cluster.join(node, userId);
    if (from === undefined) return;
    node.resume(id, from);
    for (const { sessions } of cluster.nodes) {
      for (const session of sessions) if (session.id === from) session.isOver = true;
    }
  });
}

function watch(at: number, interest: Interest): Command {
  return onRunning(`watch(${at}, ${fc.stringify(interest)})`, at, (node, cluster) => {
    if (node.views.length < 6) cluster.watch(node, interest);
  });
}

function unwatch(at: number, which: number): Command {
  return onRunning(`unwatch(${at}, ${which})`, at, (node) => {
    const view = choose(node.views, which);
    if (view !== undefined) node.unwatch(view);
  });
}

function lag(at: number, which: number, isLagging: boolean): Command {
  return onRunning(`lag(${at}, ${which}, ${isLagging})`, at, (node) => {
    const view = choose(node.views, which);
    if (view !== undefined) node.setLagging(view, isLagging);
  });
}

function crash(at: number): Command {
  return command(`crash(${at})`, ({ nodes }) => nodes[at]?.crash());
}

function restart(at: number, skewMs: number): Command {
  return command(`restart(${at}, ${skewMs})`, (cluster) => {
    cluster.nodes[at]?.crash();
    cluster.start(at, cluster.allows("clocks") ? skewMs : 0);
  });
}

function deliver(at: number, order: readonly number[]): Command {
  return onRunning(`deliver(${at}, ${fc.stringify(order)})`, at, (node) => {
    node.bus.holdsPresence = false;
    node.bus.deliverHeld(order);
  });
}

function setStore(at: number, fault: "isAway" | "losesAnswers", isOn: boolean): Command {
  return onRunning(`setStore(${at}, ${fault}, ${isOn})`, at, (node) => {
    node.store[fault] = isOn;
  });
}

function setClock(at: number, skewMs: number): Command {
  return onRunning(`setClock(${at}, ${skewMs})`, at, (node, cluster) => {
    if (cluster.allows("clocks")) node.process.skewMs = skewMs;
  });
}

function pass(ms: number): Command {
  return command(`pass(${ms})`, ({ time }) => time.advance(ms));
}

function flush(): Command {
  return command("flush()", async (cluster) => {
    if (!cluster.allows("flush")) return;
    await cluster.flush();
    // Nobody can lose everything and come back within the millisecond.
    await cluster.time.advance(50);
  });
}

/** What must hold whenever there has been no trouble for a while. */
export function quiet(): Command {
  return command("quiet()", async (cluster) => {
    const { time, nodes } = cluster;
    for (const node of nodes) {
      node.heal();
      if (!node.isRunning) continue;
      const broken = node.sessions.filter(({ isOver }) => isOver);
      for (const session of broken) node.breakOff(session);
    }
    await time.advance(QUIET_MS);
    assert.deepEqual(nodes.flatMap(({ failures }) => failures), []);
    await compare(cluster);
  });
}

async function compare({ nodes, place }: Cluster): Promise<void> {
  const running = nodes.filter(({ isRunning }) => isRunning);
  const store = place.open();
  const { presences, lapsed } = await store.get(USERS);
  if (running.length > 0) assert.deepEqual(lapsed, [], "nothing of a dead node is left");
  for (const presence of presences) {
    assert.deepEqual(brief(presence), brief(expected(running, presence.user_id)));
  }
  const online = new Map(presences.flatMap((it) => it.sessions > 0 ? [[it.user_id, it]] : []));
  const listed = (await pagesOf(store, undefined, 2)).flatMap((page) => page.presences);
  assert.deepEqual(byUser(listed), online);
  for (const { interest, online: seen } of running.flatMap(({ views }) => views)) {
    const { all, users = [], locations = [] } = interest;
    const isSeen = ({ user_id, location }: Presence) =>
      all || users.includes(user_id) || (location !== null && locations.includes(location));
    assert.deepEqual(seen, new Map([...online].filter(([, it]) => isSeen(it))), "a watcher's view");
  }
}

type Brief = Pick<Presence, "status" | "location" | "session_id" | "sessions">;

function brief({ status, location, session_id, sessions }: Brief): Brief {
  return { status, location, session_id, sessions };
}

/** How a user must look, by what the nodes that live know of their own sessions. */
function expected(running: readonly ClusterNode[], userId: string): Brief {
  const states = running.flatMap(({ live, presence }) =>
    live.filter((session) => session.userId === userId)
      .map(({ id }) => presence.tracker.state(id))
      .filter((state) => state !== undefined)
  );
  const shown = states.reduce<SessionState | undefined>(
    (best, state) => best === undefined || outranks(state, best) ? state : best,
    undefined,
  );
  return {
    status: shown?.status ?? "offline",
    location: shown?.location ?? null,
    session_id: shown?.session_id ?? null,
    sessions: states.length,
  };
}

function byUser(presences: readonly Presence[]): Map<string, Presence> {
  return new Map(presences.map((presence) => [presence.user_id, presence]));
}

function onRunning(
  text: string,
  at: number,
  run: (node: ClusterNode, cluster: Cluster) => unknown,
): Command {
  return command(text, async (cluster) => {
    const node = cluster.nodes[at];
    if (node?.isRunning) await run(node, cluster);
  });
}

function command(text: string, run: (cluster: Cluster) => unknown): Command {
  return {
    check: () => true,
    run: async (cluster) => {
      await run(cluster);
      await cluster.time.settle();
    },
    toString: () => text,
  };
}

function choose<T>(values: readonly T[], pick: number): T | undefined {
  return values[pick % Math.max(1, values.length)];
}
