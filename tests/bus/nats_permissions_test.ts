/** What a bus does about subjects that its login may not read. */
import assert from "node:assert/strict";
import { startNats } from "../support/servers/nats_server.ts";
import { until } from "../support/wait.ts";
import { configurationFile } from "./configuration_file.ts";
import { openBus } from "./nats_place.ts";
import { recordLog } from "./recorded_log.ts";

const login = (permissions: string) =>
  `authorization { users: [ { user: gw, password: secret${permissions} } ] }`;
const REFUSING = login(`, permissions: { subscribe: { deny: ["a", "b"] } }`);
const ALLOWING = login("");

Deno.test("what NATS refuses to send is asked for again until it is allowed", async () => {
  await using file = await configurationFile(REFUSING);
  await using server = await startNats({ jetstream: false, config: file.include });
  await using log = await recordLog();
  await using bus = openBus(server, { user: "gw", password: "secret" });
  await bus.connection();
  const heard: string[] = [];
  const ended = bus.subscribe("a", () => void heard.push("ended"));
  bus.subscribe("a", () => void heard.push("a"));
  bus.subscribe("b", () => void heard.push("b"), { queue: "q" });
  ended.unsubscribe();
  const refusals = async () => (await server.output()).split("Subscription Violation").length - 1;
  await until(async () => await refusals() >= 5, { what: "a refusal again", timeoutMs: 15_000 });

  await file.write(ALLOWING);
  Deno.kill(server.pid, "SIGHUP");

  const publish = () => ["a", "b"].forEach((subject) => bus.publish(subject, ""));
  await until(() => (publish(), heard.includes("a") && heard.includes("b")), {
    what: "the messages",
    timeoutMs: 15_000,
    intervalMs: 100,
  });
  assert.ok(!heard.includes("ended"));
  assert.equal(bus.stats.reconnects, 0, "a reload is no outage");
  const lines = log.text().split("\n").filter((line) => /violation/i.test(line));
  assert.equal(lines.length, new Set(lines).size, "each refusal is logged once");
});

Deno.test("what NATS refused to send is asked for at once after an outage", async () => {
  await using file = await configurationFile(REFUSING);
  await using server = await startNats({ jetstream: false, config: file.include });
  await using bus = openBus(server, { user: "gw", password: "secret" });
  await bus.connection();
  let heard = 0;
  bus.subscribe("a", () => void heard++);
  await until(async () => (await server.output()).includes("Subscription Violation"), {
    what: "the refusal",
  });

  await server.stop();
  await file.write(ALLOWING);
  await server.restart();
  await until(() => bus.status === "connected", { what: "the bus" });

  await bus.flush();
  bus.publish("a", "");
  await until(() => heard === 1, { what: "the message", timeoutMs: 1000 });
});
