/** A request, parsed, routed, checked and answered; beside the JSON-RPC package that most would take. */
import { JSONRPCServer } from "json-rpc-2.0";
import { z } from "zod";
import { readCommonRequest } from "../../src/gateway/common_request.ts";
import { parseMessage } from "../../src/gateway/envelope.ts";
import { defineMethod } from "../../src/gateway/method.ts";
import { type Caller, Router } from "../../src/gateway/router.ts";
import { systemMethods } from "../../src/methods/system_methods.ts";
import { Counters } from "../../src/telemetry/counters.ts";

const PING = `{"jsonrpc":"2.0","id":17,"method":"system.ping","params":{}}`;
const MOVE = JSON.stringify({
  jsonrpc: "2.0",
  id: 17,
  method: "player.move",
  params: { zone: "stormwind", x: 10.5, y: -3.25, items: [1, 2, 3] },
});
const UNKNOWN = `{"jsonrpc":"2.0","id":17,"method":"no.such","params":{}}`;
const BATCH = `[${Array.from({ length: 10 }, () => PING).join(",")}]`;

const MoveParams = z.object({
  zone: z.string().min(1).max(64),
  x: z.number(),
  y: z.number(),
  items: z.array(z.int()).max(10),
});

const unused = (): never => {
  throw new Error("Not part of this benchmark");
};

const router = new Router({
  methods: {
    ...systemMethods({ describe: unused, announce: unused, kick: unused }),
    "player.move": defineMethod({
      params: MoveParams,
      result: z.object({ ok: z.boolean() }),
      handler: ({ x, y }) => ({ ok: x > y }),
    }),
  },
  maxBatch: 50,
  counters: new Counters(),
  report: unused,
});

const caller: Caller = {
  sessionId: "ws_1",
  userId: "ann",
  name: "Ann",
  scopes: new Set(),
  signal: new AbortController().signal,
  isOver: false,
  notify() {},
  admit: () => undefined,
};

const peer = new JSONRPCServer();
peer.addMethod("system.ping", () => ({ server_time: new Date().toISOString() }));
peer.addMethod("player.move", (params) => {
  const { x, y } = MoveParams.parse(params);
  return { ok: x > y };
});

async function askPeer(text: string): Promise<string> {
  return JSON.stringify(await peer.receiveJSON(text));
}

Deno.bench({ name: "JSON.parse alone", group: "envelope", baseline: true }, () => {
  JSON.parse(PING);
});

Deno.bench({ name: "parseMessage()", group: "envelope" }, () => {
  parseMessage(PING);
});

Deno.bench({ name: "readCommonRequest()", group: "envelope" }, () => {
  readCommonRequest(PING);
});

Deno.bench({ name: "Waygate", group: "ping", baseline: true }, () => {
  router.handle(PING, caller);
});

Deno.bench({ name: "json-rpc-2.0", group: "ping" }, async () => {
  await askPeer(PING);
});

Deno.bench({ name: "Waygate", group: "a call with checked params", baseline: true }, () => {
  router.handle(MOVE, caller);
});

Deno.bench({ name: "json-rpc-2.0 and zod", group: "a call with checked params" }, async () => {
  await askPeer(MOVE);
});

Deno.bench({ name: "Waygate", group: "a batch of ten", baseline: true }, () => {
  router.handle(BATCH, caller);
});

Deno.bench({ name: "json-rpc-2.0", group: "a batch of ten" }, async () => {
  await askPeer(BATCH);
});

Deno.bench({ name: "Waygate", group: "an unknown method", baseline: true }, () => {
  router.handle(UNKNOWN, caller);
});

Deno.bench({ name: "json-rpc-2.0", group: "an unknown method" }, async () => {
  await askPeer(UNKNOWN);
});
