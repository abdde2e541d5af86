import { strict as assert } from "node:assert";
import { NOTIFICATION_SCHEMAS } from "../../src/protocol/schemas.ts";
import { serveGateway } from "../gateway/local_gateway.ts";
import { until } from "../support/wait.ts";
import { refusalOf, wrongPaths } from "./refusals.ts";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

Deno.test("the welcome tells all that the contract lists", async () => {
  const env = {
    NODE_ID: "node-7",
    REGION: "eu-1",
    HEARTBEAT_INTERVAL_MS: "7000",
    MAX_MESSAGE_BYTES: "5000",
  };
  await using local = await serveGateway({ env });
  await using ann = await local.player("ann", { name: "Ann", ttl_s: 600 });
  const { session_id, server_time, token_expires_at, presence, ...rest } = ann.welcome;
  assert.deepEqual(rest, {
    user_id: "ann",
    node_id: "node-7",
    region: "eu-1",
    protocol: 1,
    heartbeat_interval_ms: 7000,
    max_message_bytes: 5000,
  });
  assert.match(session_id, /^ws_/);
  assert.match(server_time, ISO);
  assert.match(token_expires_at, ISO);
  assert.ok(Math.abs(Date.parse(server_time) - Date.now()) < 5000);
  assert.ok(Math.abs(Date.parse(token_expires_at) - Date.now() - 600_000) < 5000);
  const { version, last_seen, ...shown } = presence;
  assert.ok(version > 0);
  assert.match(last_seen ?? "", ISO);
  assert.deepEqual(shown, {
    user_id: "ann",
    name: "Ann",
    status: "online",
    location: null,
    session_id,
    sessions: 1,
    region: "eu-1",
  });
  NOTIFICATION_SCHEMAS["system.welcome"].parse(ann.welcome);
  await using again = await local.player("ann");
  assert.notEqual(again.sessionId, session_id);
});

Deno.test("system.ping tells the time and echoes what is not empty", async () => {
  await using local = await serveGateway();
  await using ann = await local.player("ann");
  for (const params of [undefined, {}]) {
    const result = await ann.call<{ server_time: string }>("system.ping", params);
    assert.deepEqual(Object.keys(result), ["server_time"]);
    assert.match(result.server_time, ISO);
  }
  const params = { n: 1, deep: { list: [null, "x"] }, "": 0, toString: 1 };
  const { echo } = await ann.call<{ echo: unknown }>("system.ping", params);
  assert.deepEqual(echo, params);
  ann.sendRaw('{"jsonrpc":"2.0","id":"p","method":"system.ping","params":{"__proto__":{"a":1}}}');
  const { result } = await ann.reply("p");
  const echoed = (result as { echo: object }).echo;
  assert.deepEqual(Object.getOwnPropertyDescriptor(echoed, "__proto__")?.value, { a: 1 });
});

Deno.test("system.announce reaches everyone, from whoever has the scope", async () => {
  await using local = await serveGateway();
  await using admin = await local.player("root", { scope: "admin" });
  await using ann = await local.player("ann");
  const { code, data } = await refusalOf(ann, "system.announce", { message: "hi" });
  assert.deepEqual([code, data], [-32002, { required: "admin" }]);
  const { announcement_id } = await admin.call<{ announcement_id: string }>("system.announce", {
    message: "Down in 5 minutes",
    level: "warning",
  });
  for (const client of [admin, ann]) {
    const { seq, sent_at, ...announcement } = await client.next("system.announcement");
    assert.ok(Number.isInteger(seq) && seq >= 0);
    assert.match(sent_at, ISO);
    assert.deepEqual(announcement, {
      announcement_id,
      level: "warning",
      message: "Down in 5 minutes",
    });
  }
  await admin.call("system.announce", { message: "x" });
  assert.equal((await ann.next("system.announcement")).level, "info");
  assert.deepEqual(await wrongPaths(admin, "system.announce", {}), ["message"]);
  assert.deepEqual(await wrongPaths(admin, "system.announce", { message: "" }), ["message"]);
  const loud = { message: "x", level: "loud" };
  assert.deepEqual(await wrongPaths(admin, "system.announce", loud), ["level"]);
});

Deno.test("announcements and events of a user are numbered in one growing sequence", async () => {
  await using local = await serveGateway();
  await using admin = await local.player("root", { scope: "admin" });
  await using ann = await local.player("ann");
  for (let round = 0; round < 5; round++) {
    await admin.call("system.announce", { message: `${round}` });
    await admin.call("player.sendEvent", { to: { user_id: "ann" }, type: `${round}` });
  }
  await until(() => ann.all("player.event").length === 5, { what: "all events" });
  await until(() => ann.all("system.announcement").length === 5, { what: "all announcements" });
  const numbered = ann.received.filter(({ method }) =>
    method === "player.event" || method === "system.announcement"
  ).map(({ params }) => (params as { seq: number }).seq);
  assert.deepEqual(numbered, numbered.toSorted((a, b) => a - b));
  assert.equal(new Set(numbered).size, 10);
});

Deno.test("system.kick closes all of a user's sessions with 4403 and says how many", async () => {
  await using local = await serveGateway();
  await using admin = await local.player("root", { scope: "admin" });
  await using bystander = await local.player("bob");
  const anns = [await local.player("ann"), await local.player("ann")];
  assert.equal((await refusalOf(bystander, "system.kick", { user_id: "ann" })).code, -32002);
  const kick = (params: unknown) => admin.call<{ sessions: number }>("system.kick", params);
  assert.deepEqual(await kick({ user_id: "ann", reason: "spam" }), { sessions: 2 });
  for (const ann of anns) {
    assert.deepEqual(await ann.closed, { code: 4403, reason: "kicked: spam" });
    const [error] = ann.all("system.error");
    assert.equal(error?.code, -32002);
    assert.deepEqual(error?.data, { reason: "spam", close_code: 4403 });
  }
  assert.deepEqual(await kick({ user_id: "ann" }), { sessions: 0 });
  assert.deepEqual(await kick({ user_id: "nobody" }), { sessions: 0 });
  assert.deepEqual(await wrongPaths(admin, "system.kick", {}), ["user_id"]);
  await bystander.call("system.ping");
});

Deno.test("a reason that a close frame cannot carry is left to system.error", async () => {
  await using local = await serveGateway();
  await using admin = await local.player("root", { scope: "admin" });
  const ann = await local.player("ann");
  const reason = "😀".repeat(50);
  await admin.call("system.kick", { user_id: "ann", reason });
  assert.deepEqual(await ann.closed, { code: 4403, reason: "kicked" });
  assert.deepEqual(ann.all("system.error")[0]?.data, { reason, close_code: 4403 });
});

Deno.test("an admin may kick their own session, and hears so", async () => {
  await using local = await serveGateway();
  const admin = await local.player("root", { scope: "admin" });
  admin.notify("system.kick", { user_id: "root" });
  assert.equal((await admin.closed).code, 4403);
});
