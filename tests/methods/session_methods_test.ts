import { strict as assert } from "node:assert";
import { generateKeyPairSync } from "node:crypto";
import { SignJWT } from "jose";
import type { PresencesResult } from "../../src/protocol/methods.ts";
import { GatedStore } from "../gateway/gated_store.ts";
import { KeySetServer } from "../gateway/key_set_server.ts";
import { serveGateway } from "../gateway/local_gateway.ts";
import { connect, type GameClient, open } from "../support/game_client.ts";
import { until } from "../support/wait.ts";
import { refusalOf, wrongPaths } from "./refusals.ts";

/** Checks how a client is told that its token ended. */
async function expires(client: GameClient): Promise<number> {
  assert.deepEqual(await client.closed, { code: 4401, reason: "unauthorized: expired" });
  const endedAt = Date.now();
  const [error] = client.all("system.error");
  assert.deepEqual([error?.code, error?.data], [-32001, { reason: "expired", close_code: 4401 }]);
  return endedAt;
}

Deno.test("a connection is warned at half of a short token's life and closed at its end", async () => {
  await using local = await serveGateway();
  const ann = await local.player("ann", { ttl_s: 3 });
  const expiresAt = Date.parse(ann.welcome.token_expires_at);
  const connectedAt = Date.parse(ann.welcome.server_time);
  const { expires_at } = await ann.next("system.token_expiring");
  const warnedAt = Date.now();
  assert.equal(expires_at, ann.welcome.token_expires_at);
  const halfwayAt = connectedAt + (expiresAt - connectedAt) / 2;
  assert.ok(Math.abs(warnedAt - halfwayAt) < 700, `${warnedAt - halfwayAt} ms off`);
  await ann.call("system.ping");
  const endedAt = await expires(ann);
  assert.ok(endedAt >= expiresAt && endedAt < expiresAt + 1000, `${endedAt - expiresAt} ms late`);
});

Deno.test("auth.refresh extends the connection by a newer token of the same user", async () => {
  await using local = await serveGateway();
  const ann = await local.player("ann", { ttl_s: 2 });
  await assert.rejects(ann.call("system.kick", { user_id: "bob" }));
  const token = await local.token("ann", { ttl_s: 5, scope: "admin" });
  const { expires_at } = await ann.call<{ expires_at: string }>("auth.refresh", { token });
  const longer = Date.parse(expires_at) - Date.parse(ann.welcome.token_expires_at);
  assert.ok(longer >= 2000 && longer <= 4000, `${longer} ms longer`);
  // The newer token's scopes count.
  await ann.call("system.kick", { user_id: "bob" });
  assert.equal((await ann.next("system.token_expiring")).expires_at, expires_at);
  assert.ok(Date.now() > Date.parse(ann.welcome.token_expires_at));
  const endedAt = await expires(ann);
  assert.ok(endedAt >= Date.parse(expires_at));
  assert.equal(ann.all("system.token_expiring").length, 1);
});

Deno.test("auth.refresh refuses other users' and bad tokens, and the old one goes on", async () => {
  await using local = await serveGateway();
  await using ann = await local.player("ann");
  const refusals: [string, string][] = [
    [await local.token("bob"), "claims"],
    ["nonsense", "malformed"],
    ["", "malformed"],
    [`${await local.token("ann")}x`, "signature"],
    [await local.token("ann", { ttl_s: -10 }), "expired"],
  ];
  for (const [token, reason] of refusals) {
    const { code, data } = await refusalOf(ann, "auth.refresh", { token });
    assert.deepEqual([code, data], [-32001, { reason }]);
  }
  assert.deepEqual(await wrongPaths(ann, "auth.refresh", {}), ["token"]);
  assert.deepEqual(await wrongPaths(ann, "auth.refresh", { token: 5 }), ["token"]);
  await ann.call("system.ping");
});

Deno.test("a client that leaves while its newer token is verified leaves nothing behind", async () => {
  await using keySet = new KeySetServer();
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const sign = (kid: string, sub = "ann") =>
    new SignJWT().setProtectedHeader({ alg: "ES256", kid }).setSubject(sub)
      .setExpirationTime("1h").sign(keys.privateKey);
  keySet.publish(keys, { kid: "old" });
  const gated = new GatedStore();
  const env = { JWT_JWKS_URL: keySet.url, PRESENCE_GRACE_MS: "0", RATE_LIMIT_MESSAGES: "0" };
  await using local = await serveGateway({ env, store: gated.store });
  const client = await connect(local.wsUrl, { token: await sign("old") });
  const token = await sign("new");
  keySet.publish(keys, { kid: "new" });
  keySet.hold();
  // A key set is asked again only a second later.
  await until(() => {
    client.notify("auth.refresh", { token });
    return keySet.requests === 2;
  }, { what: "the gateway to ask for the key", intervalMs: 100 });

  // Writes under way, as many as there may be: the leave has to wait for them.
  gated.shut();
  const { hub } = local.gateway.node;
  const others: GameClient[] = [];
  for (let count = 2; count <= 9; count++) {
    others.push(await open(local.wsUrl, { token: await sign("old", `other${count}`) }));
    await until(() => hub.size === count && gated.waiting >= Math.min(count - 1, 4), {
      what: "a write to be under way",
    });
  }
  await client.close();
  await until(() => hub.size === 8, { what: "the end" });
  keySet.release();
  // Its token needs the same key: once it is in, the earlier one was verified, too.
  others.push(await open(local.wsUrl, { token: await sign("new", "late") }));
  await until(() => hub.size === 9, { what: "the late client" });
  gated.open();
  for (const other of others) await other.welcomed();
  const [observer] = others as [GameClient];
  await until(async () => {
    const { presences } = await observer.call<PresencesResult>("presence.get", {
      user_ids: ["ann"],
    });
    return presences[0]?.sessions === 0;
  }, { what: "the session's end" });
  assert.equal(local.gateway.node.presence.tracker.size, 9);
  for (const other of others) await other.close();
});

Deno.test("session.resume of a session that is unknown or another user's resumes nothing", async () => {
  await using local = await serveGateway();
  await using bob = await local.player("bob");
  await using ann = await local.player("ann");
  for (const session_id of ["ws_unknown", bob.sessionId]) {
    const result = await ann.call("session.resume", { session_id, last_seq: 0 });
    assert.deepEqual(result, { resumed: false, replayed: 0 });
  }
  await bob.call("system.ping");
  assert.deepEqual(await wrongPaths(ann, "session.resume", { session_id: "x" }), ["last_seq"]);
  const negative = { session_id: "x", last_seq: -1 };
  assert.deepEqual(await wrongPaths(ann, "session.resume", negative), ["last_seq"]);
});

Deno.test("session.resume after a break replays what was missed, in order, each once", async () => {
  await using local = await serveGateway();
  await using bob = await local.player("bob");
  const first = await local.player("ann");
  const send = (type: string) => bob.call("player.sendEvent", { to: { user_id: "ann" }, type });
  await send("seen");
  const { seq } = await first.next("player.event");
  first.abort();
  await first.closed;
  for (const type of ["one", "two", "three"]) await send(type);

  await using second = await local.player("ann");
  const params = { session_id: first.sessionId, last_seq: seq };
  const result = await second.call("session.resume", params);
  assert.deepEqual(result, { resumed: true, replayed: 3 });
  await send("live");
  await second.next("player.event", { where: ({ type }) => type === "live" });
  assert.deepEqual(second.all("player.event").map(({ type }) => type), [
    ...["one", "two", "three", "live"],
  ]);
  const methods = second.received.map((message) => message.method ?? "reply");
  assert.ok(methods.indexOf("reply") < methods.indexOf("player.event"), "the answer comes first");
  const watched = bob.all("presence.updated").flatMap(({ presences }) => presences)
    .filter(({ user_id }) => user_id === "ann");
  assert.ok(watched.every(({ status }) => status === "online"), "no flicker");
});

Deno.test("events for a user who may resume wait for the first message, a second at most", async () => {
  await using local = await serveGateway();
  await using bob = await local.player("bob");
  const first = await local.player("ann");
  first.abort();
  await first.closed;
  await using second = await local.player("ann");
  const sentAt = performance.now();
  await bob.call("player.sendEvent", { to: { user_id: "ann" }, type: "x" });
  assert.deepEqual(second.all("player.event"), []);
  await second.next("player.event");
  const waitedMs = performance.now() - sentAt;
  assert.ok(waitedMs > 300 && waitedMs < 1500, `${waitedMs} ms`);

  await using third = await local.player("ann");
  await bob.call("player.sendEvent", { to: { user_id: "ann" }, type: "y" });
  await third.call("system.ping");
  await third.next("player.event", { timeoutMs: 700 });
});
