import { strict as assert } from "node:assert";
import { ClosedError, open } from "../support/game_client.ts";
import { until } from "../support/wait.ts";
import { GatedStore } from "./gated_store.ts";
import { GatedStream } from "./gated_stream.ts";
import { serveGateway } from "./local_gateway.ts";

Deno.test("the welcome is the first message, whatever happens while a client joins", async () => {
  const gated = new GatedStore();
  await using local = await serveGateway({ store: gated.store, env: { PRESENCE_FLUSH_MS: "1" } });
  await using admin = await local.player("root", { scope: "admin" });
  await using bob = await local.player("bob");
  gated.shut();
  await using ann = await open(local.wsUrl, { token: await local.token("ann") });
  ann.send({ jsonrpc: "2.0", id: "early", method: "system.ping" });
  await until(() => gated.waiting > 0, { what: "ann's join" });
  await admin.call("system.announce", { message: "hello" });
  const { feed } = local.gateway.node.presence;
  feed.offer({ ...bob.welcome.presence, status: "busy", version: Date.now() * 2 });
  await bob.next("presence.updated", {
    where: ({ presences }) => presences.some(({ status }) => status === "busy"),
  });
  assert.deepEqual(ann.frames, []);
  gated.open();
  await ann.welcomed();
  await ann.reply("early");
  const { presences } = await ann.next("presence.updated", {
    where: ({ presences }) => presences.some(({ status }) => status === "busy"),
  });
  assert.ok(presences.some(({ user_id }) => user_id === "bob"), "what happened is not lost");
});

Deno.test("a client that cannot join in time is welcomed with what is known", async () => {
  const gated = new GatedStore();
  await using local = await serveGateway({ store: gated.store });
  gated.shut();
  const startedAt = performance.now();
  await using ann = await local.player("ann", { name: "Ann" });
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs >= 900 && tookMs < 3000, `${tookMs} ms`);
  const { last_seen: _, ...presence } = ann.welcome.presence;
  assert.deepEqual(presence, {
    user_id: "ann",
    name: "Ann",
    status: "online",
    location: null,
    session_id: ann.sessionId,
    sessions: 1,
    region: "local",
    version: 0,
  });
  gated.open();
  await ann.next("presence.updated", {
    where: ({ presences }) =>
      presences.some(({ user_id, version }) => user_id === "ann" && version > 0),
  });
});

Deno.test("a client that leaves while it joins leaves nothing behind", async () => {
  const gated = new GatedStore();
  const env = { PRESENCE_GRACE_MS: "0" };
  await using local = await serveGateway({ store: gated.store, env });
  gated.shut();
  for (const leave of ["close", "abort"] as const) {
    const ann = await open(local.wsUrl, { token: await local.token("ann") });
    await until(() => local.gateway.node.hub.size === 1, { what: "ann" });
    if (leave === "close") await ann.close();
    else ann.abort();
    await assert.rejects(ann.next("system.welcome"), ClosedError);
    await until(() => local.gateway.node.hub.size === 0, { what: "the end" });
  }
  gated.open();
  await until(() => local.gateway.node.presence.tracker.size === 0, { what: "no session" });
  await using bob = await local.player("bob");
  assert.equal((await bob.call<{ total: number }>("presence.list")).total, 1);
});

Deno.test("nobody is welcomed before what is sent to them reaches them", async () => {
  const gated = new GatedStream();
  await using local = await serveGateway({ stream: gated.stream });
  await using ann = await open(local.wsUrl, { token: await local.token("ann") });
  await until(() => local.gateway.node.presence.tracker.size === 1, { what: "ann's join" });
  const event = { from: "bob", to: { user_id: "ann" }, type: "hi", payload: null };
  const sent = { ...event, event_id: "ev_1", sent_at: new Date().toISOString() };
  await gated.stream.append("ann", sent, "1");
  assert.deepEqual(ann.frames, []);
  gated.open();
  await ann.welcomed();
  assert.equal((await ann.next("player.event")).event_id, "ev_1");
});

Deno.test("a client whose events cannot be followed in time is welcomed all the same", async () => {
  await using local = await serveGateway({ stream: new GatedStream().stream });
  const startedAt = performance.now();
  await using ann = await local.player("ann");
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs >= 900 && tookMs < 3000, `${tookMs} ms`);
  assert.ok(ann.welcome.presence.version > 0, "the store has answered");
});
