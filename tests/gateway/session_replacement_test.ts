import { strict as assert } from "node:assert";
import type { GameClient } from "../support/game_client.ts";
import { until } from "../support/wait.ts";
import { GatedStore } from "./gated_store.ts";
import { type LocalGateway, serveGateway } from "./local_gateway.ts";

const limited = (limit: number) => ({ MAX_SESSIONS_PER_USER: `${limit}`, PRESENCE_FLUSH_MS: "1" });

function resume(client: GameClient, earlier: GameClient): Promise<{ resumed: boolean }> {
  return client.call("session.resume", { session_id: earlier.sessionId, last_seq: 0 });
}

const sessionsOf = ({ gateway }: LocalGateway): number => gateway.node.hub.ofUser("ann").size;

Deno.test("a session that replaces a broken one is not one more", async () => {
  await using local = await serveGateway({ env: limited(2) });
  await using first = await local.player("ann");
  const second = await local.player("ann");
  second.abort();
  await until(() => sessionsOf(local) === 1, { what: "the break" });
  await using third = await local.player("ann");
  assert.equal((await resume(third, second)).resumed, true);
  await first.call("system.ping");
  await third.call("system.ping");
  assert.equal(sessionsOf(local), 2);
  // A third that replaces nothing is one more, as ever.
  await using fourth = await local.player("ann");
  await fourth.call("system.ping");
  assert.equal((await first.closed).code, 4409);
});

Deno.test("where one session is allowed, a quick return shows nobody a flicker", async () => {
  await using local = await serveGateway({ env: limited(1) });
  await using bob = await local.player("bob");
  const before = await local.player("ann");
  await before.call("player.updatePresence", { status: "busy", location: "arena" });
  before.abort();
  await until(() => sessionsOf(local) === 0, { what: "the break" });
  await using after = await local.player("ann");
  assert.equal((await resume(after, before)).resumed, true);
  await after.call("player.updateStatus", { status: "away" });
  const shown = () =>
    bob.all("presence.updated").flatMap(({ presences }) => presences)
      .filter(({ user_id }) => user_id === "ann");
  await until(() => shown().some(({ status }) => status === "away"), { what: "the new status" });
  const busyAt = shown().findIndex(({ status }) => status === "busy");
  const later = shown().slice(busyAt);
  assert.ok(later.every(({ location }) => location === "arena"), JSON.stringify(later));
});

Deno.test("a client that never says a word counts in the end", async () => {
  await using local = await serveGateway({ env: limited(1) });
  await using first = await local.player("ann");
  await using _second = await local.player("ann");
  assert.equal((await first.closed).code, 4409);
});

Deno.test("the session limit holds for joins that a slow store writes after the welcome", async () => {
  const gated = new GatedStore();
  await using local = await serveGateway({ store: gated.store, env: limited(1) });
  gated.shut();
  const players = await Promise.all([1, 2, 3].map(() => local.player("ann")));
  assert.equal(sessionsOf(local), 3, "nobody waits for the store");
  gated.open();
  await until(() => sessionsOf(local) === 1, { what: "the limit" });
  await Promise.all(players.map((player) => player[Symbol.asyncDispose]()));
});

Deno.test("the session limit holds once the store is back that was away", async () => {
  const gated = new GatedStore();
  await using local = await serveGateway({ store: gated.store, env: limited(1) });
  gated.isAway = true;
  const players = await Promise.all([1, 2, 3].map(() => local.player("ann")));
  assert.equal(sessionsOf(local), 3, "nobody waits for the store");
  gated.isAway = false;
  await until(() => sessionsOf(local) === 1, { what: "the limit", timeoutMs: 15_000 });
  await Promise.all(players.map((player) => player[Symbol.asyncDispose]()));
});
