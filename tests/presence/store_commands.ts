/**
 * What may happen to a presence store, for fast-check to put into any order.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { SessionState } from "../../src/presence/state.ts";
import {
  type Change,
  type Instance,
  LeaseLostError,
  type PresenceStore,
} from "../../src/presence/store.ts";
import {
  idsOf,
  LEASE_MS,
  leave,
  pagesOf,
  put,
  resume,
  session,
} from "../conformance/store/builders.ts";
import { NODES, type Real, type World } from "./store_world.ts";

type Command = fc.AsyncCommand<World, Real>;

const USERS = ["users", "a/b", "😀", "__proto__"];
const LOCATIONS = [null, "lobby", "lobby2"];
const node = fc.constantFrom(...NODES);
const user = fc.constantFrom(...USERS);
const pick = fc.nat(7);

/** A change to be, once it is known which sessions there are. */
const plan = fc.record({
  kind: fc.constantFrom("join", "join", "update", "update", "repeat", "leave", "stray", "resume"),
  user,
  pick,
  status: fc.constantFrom("online" as const, "away" as const, "busy" as const),
  location: fc.constantFrom(...LOCATIONS),
  aheadMs: fc.constantFrom(undefined, undefined, -20, 1, 90_000),
});
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

/** Longest run. */
export const MAX_COMMANDS = 60;

/** All that may happen. */
export const commands: fc.Arbitrary<Iterable<Command>> = fc.commands([
  fc.tuple(node, fc.boolean()).map(([at, movesIn]) => open(at, movesIn)),
  fc.tuple(node, fc.array(plan, { minLength: 1, maxLength: 4 }))
    .map(([at, plans]) => apply(at, plans)),
  node.map(lapse),
  node.map(renew),
  fc.tuple(node, pick).map(([at, target]) => claim(at, target)),
  fc.tuple(node, pick).map(([at, target]) => reap(at, target)),
  fc.tuple(node, fc.constantFrom(1, 2, 9)).map(([at, limit]) => look(at, limit)),
  fc.tuple(node, fc.constantFrom(-70_000, -50, 0, 900, 70_000)).map(([at, ms]) => setClock(at, ms)),
], { maxCommands: MAX_COMMANDS, size: "max" });

function open(at: number, movesIn: boolean): Command {
  return command(`open(${at}, ${movesIn})`, async (world, store) => {
    const { model } = world;
    const before = world.instance(at);
    if (model.isAlive(before)) return;
    const instance = world.instances[at] = world.newId(`n${at}:`);
    const { held, lapsed } = await store.openLease(instance, LEASE_MS);
    assert.deepEqual([held, lapsed.toSorted()], [true, model.lapsed]);
    model.open(instance);
    const moving = !movesIn ? [] : USERS.flatMap((id) =>
      model.sessions(id)
        .filter((state) => state.instance === before)
        .map((state) => put(id, { ...state, instance }, world.now(at)))
    );
    await change(world, store, instance, moving);
  });
}

function apply(at: number, plans: readonly Plan[]): Command {
  return command(`apply(${at}, ${fc.stringify(plans)})`, async (world, store) => {
    const instance = world.instance(at);
    const changes = plans.map((plan) => informed(world.now(at), plan, resolve(world, at, plan)));
    if (world.model.isAlive(instance) || changes.every(({ op }) => op === "leave")) {
      await change(world, store, instance, changes);
    } else {
      await assert.rejects(store.apply(instance, changes), LeaseLostError);
      const lost = changes.find(({ op }) => op !== "leave");
      if (lost !== undefined) assert.equal(store.applyNow?.(instance, lost), undefined);
    }
  });
}

async function change(
  { model }: World,
  store: PresenceStore,
  instance: Instance,
  changes: readonly Change[],
): Promise<void> {
  const [only] = changes;
  const now = changes.length === 1 && only ? store.applyNow?.(instance, only) : undefined;
  const outcomes = now ? [now] : await store.apply(instance, changes);
  assert.equal(outcomes.length, changes.length);
  for (const [at, change] of changes.entries()) model.apply(change, outcomes[at]);
}

/** The change of a node that has heard of a version, which may be newer than the stored one. */
function informed(nowMs: number, { aheadMs }: Plan, change: Change): Change {
  return aheadMs === undefined ? change : { ...change, known_version: nowMs + aheadMs };
}

function resolve(world: World, at: number, { kind, user, pick, status, location }: Plan): Change {
  const { model } = world;
  const instance = world.instance(at);
  const now = world.now(at);
  const sessions = model.sessions(user);
  const fresh = session(world.newId("ws_"), { instance, connected_at_ms: now, location });
  const own = choose(sessions.filter((state) => state.instance === instance), pick) ?? fresh;
  const any: SessionState = choose(sessions, pick) ?? fresh;
  switch (kind) {
    case "update":
      return put(user, { ...own, status, location, updated_at_ms: now }, now);
    case "repeat":
      return put(user, own, now);
    case "leave":
      return leave(user, any, now);
    case "stray":
      return leave(user, { ...any, instance: "n8:0" }, now);
    case "resume": {
      const past = [...sessions.map((state) => state.session_id), ...model.ended(user), "ws_0"];
      const spoken = pick === 0 ? { status, updated_at_ms: now } : {};
      return resume(user, choose(past, pick) ?? "", { ...fresh, ...spoken }, now);
    }
    default:
      return put(user, fresh, now);
  }
}

function lapse(at: number): Command {
  return command(`lapse(${at})`, async (world, _, real) => {
    const instance = world.instance(at);
    if (!world.model.isAlive(instance)) return;
    await real.lapse(instance);
    world.model.end(instance);
  });
}

function renew(at: number): Command {
  return command(`renew(${at})`, async ({ model, instances }, store) => {
    const instance = instances[at] ?? "";
    const { held, lapsed } = await store.renewLease(instance, LEASE_MS);
    assert.deepEqual([held, lapsed.toSorted()], [model.isAlive(instance), model.lapsed]);
  });
}

function claim(at: number, target: number): Command {
  return command(`claim(${at}, ${target})`, async ({ model, instances }, store) => {
    const instance = choose([...model.instances.keys()], target) ?? "n9:0";
    const claimer = instances[at] ?? "";
    const found = model.instances.get(instance);
    const expected = found !== undefined && (found.claimer ?? claimer) === claimer;
    assert.equal(await store.claim(instance, claimer, LEASE_MS), expected);
    if (!expected) return;
    found.claimer = claimer;
    model.end(instance);
  });
}

function reap(at: number, target: number): Command {
  return command(`reap(${at}, ${target})`, async (world, store) => {
    const { model } = world;
    const instance = choose([...model.instances.keys()], target) ?? "n9:0";
    const now = world.now(at);
    model.reap(instance, now, await store.reap(instance, now));
  });
}

function look(at: number, limit: number): Command {
  return command(`look(${at}, ${limit})`, async ({ model }, store) => {
    const { presences, lapsed } = await store.get([...USERS, "nobody"]);
    for (const [index, id] of [...USERS, "nobody"].entries()) {
      model.see(id, presences[index]);
      const found = await store.sessionsOf(id);
      assert.deepEqual(new Set(found), new Set(model.liveSessions(id)));
    }
    const holders = USERS.flatMap((id) => model.sessions(id).map((state) => state.instance));
    const dead = new Set(holders.filter((instance) => !model.isAlive(instance)));
    assert.deepEqual(new Set(lapsed), dead);
    for (const location of LOCATIONS) {
      const there = presences.filter((presence) =>
        presence.sessions > 0 && (location === null || presence.location === location)
      );
      const expected = idsOf({ presences: there }).toSorted();
      const pages = await pagesOf(store, location, limit);
      for (const { presences, total, lapsed } of pages) {
        assert.deepEqual([total, lapsed.toSorted()], [expected.length, model.lapsed]);
        for (const presence of presences) model.see(presence.user_id, presence);
      }
      assert.deepEqual(pages.flatMap(idsOf), expected);
    }
  });
}

function setClock(at: number, skewMs: number): Command {
  return command(`setClock(${at}, ${skewMs})`, (world) => {
    world.skews[at] = skewMs;
  });
}

/** Nodes take turns in which of the two stores they use. */
function command(
  text: string,
  run: (world: World, store: PresenceStore, real: Real) => Promise<void> | void,
): Command {
  return {
    check: () => true,
    run: async (world, real) =>
      await run(world, text.includes("1") ? real.other : real.store, real),
    toString: () => text,
  };
}

function choose<T>(values: readonly T[], pick: number): T | undefined {
  return values[pick % Math.max(1, values.length)];
}
