/** The gateway's micro service on a real NATS server, asked by a client that knows nothing of us. */
import assert from "node:assert/strict";
import { Svcm } from "@nats-io/services";
import { createMemoryBus } from "../../src/bus/bus_memory.ts";
import { createSubjects } from "../../src/bus/subjects.ts";
import { ErrorCode, RpcError } from "../../src/protocol/errors.ts";
import type { Json } from "../../src/protocol/json.ts";
import { serveGateway } from "../../src/service/gateway_service.ts";
import { NODE, openPlace, ours } from "./micro_place.ts";

Deno.test("every endpoint answers with the result of what it is called", async () => {
  await using place = await openPlace();

  const answers = {
    "presence.get": [{ user_ids: ["ann"] }, { presences: [] }],
    "presence.list": [{ location: "lobby", limit: 5 }, { presences: [], cursor: null, total: 3 }],
    "announce": [{ message: "Hi", level: "critical" }, { announcement_id: "an_1" }],
    "kick": [{ user_id: "ann", reason: "Spam" }, { sessions: 2 }],
    "nodes": [{}, { nodes: [NODE] }],
  } as const;

  for (const [endpoint, [request, answer]] of Object.entries(answers)) {
    const reply = await place.ask(endpoint, request as unknown as Json);
    assert.deepEqual(reply.json(), answer);
    assert.equal(reply.headers?.get("Nats-Service-Error") ?? "", "");
  }
  assert.deepEqual(place.calls, [
    ["get", { user_ids: ["ann"] }],
    ["list", { location: "lobby", limit: 5 }],
    ["announce", { message: "Hi", level: "critical" }],
    ["kick", { user_id: "ann", reason: "Spam" }],
  ]);
});

Deno.test("a request may be empty where nothing is required", async () => {
  await using place = await openPlace();
  assert.deepEqual((await place.ask("nodes")).json(), { nodes: [NODE] });
  assert.deepEqual((await place.ask("presence.list")).json<{ total: number }>().total, 3);
});

Deno.test("an error goes back with its code, in the headers and in the body", async () => {
  await using place = await openPlace({
    kick: () => Promise.reject(new RpcError(ErrorCode.unavailable, { part: "redis" })),
    announce: () => Promise.reject(new Error("secret")),
  });

  const wrong = await place.ask("presence.get", { user_ids: [] });
  assert.equal(wrong.headers?.get("Nats-Service-Error-Code"), "-32602");
  assert.equal(wrong.headers?.get("Nats-Service-Error"), "Invalid params");
  const { error } = wrong.json<{ error: { code: number; data: { issues: { path: Json }[] } } }>();
  assert.equal(error.code, ErrorCode.invalidParams);
  assert.deepEqual(error.data.issues[0]?.path, ["user_ids"]);

  const unavailable = await place.ask("kick", { user_id: "ann" });
  assert.deepEqual(unavailable.json(), {
    error: { code: -32004, message: "Unavailable", data: { part: "redis" } },
  });
  const garbage = await place.ask("kick", "no JSON");
  assert.equal(garbage.headers?.get("Nats-Service-Error-Code"), "-32700");
  const internal = await place.ask("announce", { message: "x" });
  assert.deepEqual(internal.json(), {
    error: { code: -32603, message: "Internal error", data: { request_id: "r" } },
  });
});

Deno.test("$SRV.PING, INFO and STATS answer for all, by name and by id", async () => {
  await using place = await openPlace({}, 2);
  const [first] = place.ids;
  assert.ok(first);

  for (const verb of ["PING", "INFO", "STATS"]) {
    const type = `io.nats.micro.v1.${verb.toLowerCase()}_response`;
    for (const subject of [`$SRV.${verb}`, `$SRV.${verb}.waygate`]) {
      const answers = await ours(place, subject);
      assert.deepEqual(answers.map(({ id }) => id).toSorted(), place.ids.toSorted());
      assert.ok(answers.every((answer) => answer.type === type && answer.name === "waygate"));
    }
    const [own, ...others] = await ours(place, `$SRV.${verb}.waygate.${first}`);
    assert.deepEqual([own?.id, others.length], [first, 0]);
  }
});

Deno.test("INFO describes every endpoint with its schemas", async () => {
  await using place = await openPlace();
  const [info] = await ours(place, `$SRV.INFO.waygate.${place.ids[0]}`);
  assert.ok(info);

  assert.equal(info.version, "1.2.3");
  assert.deepEqual(info.metadata, { node_id: `${place.prefix}-0`, region: "eu" });
  assert.ok(info.description.length > 0);
  assert.deepEqual(
    info.endpoints.map(({ name, subject, queue_group }) => [name, subject, queue_group]),
    [
      ["presence-get", `${place.prefix}.svc.presence.get`, "q"],
      ["presence-list", `${place.prefix}.svc.presence.list`, "q"],
      ["announce", `${place.prefix}.svc.announce`, "q"],
      ["kick", `${place.prefix}.svc.kick`, "q"],
      ["nodes", `${place.prefix}.svc.nodes`, "q"],
    ],
  );
  for (const { metadata } of info.endpoints) {
    for (const schema of [metadata["request_schema"], metadata["response_schema"]]) {
      assert.equal(JSON.parse(schema ?? "").type, "object");
    }
  }
});

Deno.test("STATS counts requests, errors and time", async () => {
  await using place = await openPlace({
    announce: () => new Promise((resolve) => setTimeout(resolve, 5, { announcement_id: "a" })),
  });
  await place.ask("kick", { user_id: "ann" });
  await place.ask("kick", {});
  await place.ask("announce", { message: "x" });

  const [stats] = await ours(place, `$SRV.STATS.waygate.${place.ids[0]}`);
  const of = (name: string) => stats?.endpoints.find((endpoint) => endpoint.name === name);
  assert.deepEqual(
    [of("kick")?.num_requests, of("kick")?.num_errors, of("kick")?.last_error],
    [2, 1, "-32602:Invalid params"],
  );
  assert.deepEqual([of("announce")?.num_requests, of("announce")?.num_errors], [1, 0]);
  assert.ok((of("announce")?.average_processing_time ?? 0) >= 4e6);
  assert.deepEqual(of("nodes")?.data, { connections: 7 });
  assert.match(stats?.started ?? "", /^\d{4}-.*Z$/);
});

Deno.test("the client of NATS's own services package finds it", async () => {
  await using place = await openPlace();
  // The package is typed against an older nats-core than the connection's.
  const connection = place.client as unknown as ConstructorParameters<typeof Svcm>[0];
  const found = await new Svcm(connection).client().info("waygate", place.ids[0]);
  const infos = [];
  for await (const info of found) infos.push(info);
  assert.deepEqual(infos.map(({ id }) => id), place.ids);
});

Deno.test("each request is answered by one of the nodes", async () => {
  const asked: number[] = [];
  await using place = await openPlace({ nodes: () => (asked.push(1), { nodes: [] }) }, 3);
  for (let i = 0; i < 20; i++) await place.ask("nodes");
  assert.equal(asked.length, 20);
});

Deno.test("the service answers on the in-process bus as well", async () => {
  const bus = createMemoryBus();
  const service = serveGateway({
    bus,
    subjects: createSubjects("waygate"),
    version: "1.2.3",
    nodeId: "eu-1",
    region: "eu",
    handlers: {
      get: () => Promise.resolve({ presences: [] }),
      list: () => Promise.resolve({ presences: [], cursor: null, total: 0 }),
      announce: () => Promise.resolve({ announcement_id: "a" }),
      kick: () => Promise.resolve({ sessions: 0 }),
      nodes: () => ({ nodes: [NODE] }),
    },
    toError: () => new RpcError(ErrorCode.internal),
    stats: () => ({}),
  });

  const reply = await bus.request("waygate.svc.nodes", "{}", { timeoutMs: 1000 });
  assert.deepEqual(JSON.parse(reply.data), { nodes: [NODE] });
  service.stop();
  await assert.rejects(bus.request("waygate.svc.nodes", "{}", { timeoutMs: 1000 }), /Nobody/);
  await bus.close();
});
