import assert from "node:assert/strict";
import { ErrorCode } from "../../src/protocol/errors.ts";
import type { SystemError } from "../../src/protocol/notifications.ts";
import { connect } from "../support/game_client.ts";
import { encodeFrame, Opcode } from "../support/web_socket_frames.ts";
import { readMetric, startGuarded, testEngines, untilOnly } from "./engines.ts";
import { watched } from "./watched.ts";

testEngines("a flood is refused, then closed with 4429", async (engine) => {
  await using gateway = await startGuarded(engine, { PRESENCE_GRACE_MS: "50" });
  await watched("flood", engine, gateway, async () => {
    await using client = await connect(gateway.wsUrl, { token: await gateway.token("eve") });
    for (let id = 1; id <= 580; id++) client.send({ jsonrpc: "2.0", id, method: "x" });
    await client.reply(580);
    // The last ones one by one: nothing may be on its way when the close frame comes.
    let why: SystemError | undefined;
    client.next("system.error").then((error) => why = error, () => {});
    for (let id = 581; why === undefined; id++) {
      client.send({ jsonrpc: "2.0", id, method: "x" });
      await client.reply(id).catch(() => {});
    }
    assert.equal(why.code, ErrorCode.rateLimited);
    const refusals = client.received.filter(({ error }) => error?.code === ErrorCode.rateLimited);
    assert.ok(refusals.length >= 499, `${refusals.length} were refused`);
    assert.equal((await client.closed).code, 4429);
    await untilOnly(gateway, 1);
    return `${refusals.length} times -32003, then 4429`;
  });
});

testEngines("a flood that does not stop ends", async (engine) => {
  await using gateway = await startGuarded(engine, { PRESENCE_GRACE_MS: "50" });
  const call = '{"jsonrpc":"2.0","id":1,"method":"presence.list","params":{"limit":500}}';
  await watched("endlessFlood", engine, gateway, async () => {
    const client = await connect(gateway.wsUrl, { token: await gateway.token("eve") });
    let isOver = false;
    const closed = client.closed.then(() => isOver = true);
    let sent = 0;
    for (; sent < 200_000 && !isOver; sent += 100) {
      for (let index = 0; index < 100; index++) client.sendRaw(call);
      await client.socket.flushed();
      // So that the other side's words are read, too.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    assert.ok(isOver, "Nobody stopped the flood");
    await closed;
    await untilOnly(gateway, 1);
    return `4429 within ${sent} calls`;
  });
  const floods = await readMetric(gateway, 'waygate_disconnects_total{code="4429"}');
  assert.ok(floods >= 1);
});

testEngines("a flood of pings is answered or cut off", async (engine) => {
  await using gateway = await startGuarded(engine, {});
  const ping = encodeFrame({ opcode: Opcode.ping, payload: "a".repeat(125) });
  const many = new Uint8Array(ping.length * 1000);
  for (let index = 0; index < 1000; index++) many.set(ping, index * ping.length);
  await watched("pings", engine, gateway, async () => {
    await using client = await connect(gateway.wsUrl, { token: await gateway.token("eve") });
    for (let index = 0; index < 100; index++) client.socket.sendBytes(many);
    await client.socket.flushed();
    if (engine === "deno") {
      // The runtime answers them all, and the connection goes on.
      await client.call("system.ping", {}, 20_000);
      return "each is answered";
    }
    const { code } = await client.closed;
    assert.ok([1006, 1008].includes(code), `Closed with ${code}`);
    return "1008, or cut off";
  });
});

testEngines("a client can watch only so many by name", async (engine) => {
  await using gateway = await startGuarded(engine, {
    PRESENCE_AUTO_SUBSCRIBE: "none",
    RATE_LIMIT_MESSAGES: "0",
  });
  await watched("watching", engine, gateway, async () => {
    await using client = await connect(gateway.wsUrl, { token: await gateway.token("eve") });
    const names = (prefix: string, count: number): string[] =>
      Array.from({ length: count }, (_, index) => `${prefix}${index}`);
    for (let call = 0; call < 5; call++) {
      const interest = { users: names(`u${call}_`, 1000), locations: names(`l${call}_`, 100) };
      await client.call("presence.subscribe", interest);
    }
    const refused = { code: ErrorCode.invalidParams };
    for (const more of [{ users: ["one"] }, { locations: ["one"] }]) {
      await assert.rejects(client.call("presence.subscribe", more), refused);
    }
    // What is watched already is no more, and what is let go of makes room.
    await client.call("presence.subscribe", { users: names("u0_", 1000) });
    await client.call("presence.unsubscribe", { users: ["u0_0"] });
    await client.call("presence.subscribe", { users: ["one"] });
    return "-32602 from 5,000 users, 500 locations on";
  });
});
