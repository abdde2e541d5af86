import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { NodeReport } from "../../deploy/top/node_report.ts";
import { readTopOptions } from "../../deploy/top/options.ts";
import { renderView } from "../../deploy/top/view.ts";
import { sharedBackends } from "../support/backends.ts";
import { connect } from "../support/game_client.ts";
import { startGateway } from "../support/gateway.ts";
import { until } from "../support/wait.ts";

const backends = await sharedBackends();
const ROOT = new URL("../../", import.meta.url);

const STARTED = Date.UTC(2026, 0, 1);

function node(nodeId: string, region: string, counts: Partial<NodeReport> = {}): NodeReport {
  return {
    nodeId,
    region,
    version: "0.1.0",
    startedAt: new Date(STARTED).toISOString(),
    connections: 10,
    received: 0,
    sent: 0,
    errors: 0,
    memoryBytes: 100e6,
    ...counts,
  };
}

function look(atMs: number, nodes: readonly NodeReport[]) {
  return { atMs, wallMs: STARTED + 3_720_000 + atMs, nodes };
}

Deno.test("renderView() shows nodes, their rates, and sums", () => {
  const first = look(0, [node("a", "eu"), node("b", "eu"), node("c", "us")]);
  const second = look(2000, [
    node("a", "eu", { received: 100, sent: 1000, errors: 3 }),
    node("b", "eu", { received: 10, connections: 5 }),
    node("c", "us"),
  ]);
  assert.deepEqual(renderView(second, first), [
    "Waygate at 01:02:02 UTC: 3 nodes in 2 regions",
    "",
    "REGION  NODE       CONNS  IN/S  OUT/S  ERR/S  MEMORY    UP  VERSION",
    "eu      a             10  50.0  500.0    1.5  100 MB  1h2m  0.1.0",
    "eu      b              5   5.0    0.0    0.0  100 MB  1h2m  0.1.0",
    "eu      = 2 nodes     15  55.0  500.0    1.5  200 MB",
    "us      c             10   0.0    0.0    0.0  100 MB  1h2m  0.1.0",
    "all     = 3 nodes     25  55.0  500.0    1.5  300 MB",
  ]);
});

Deno.test("renderView() gives no rate for a node that is new or was restarted", () => {
  const first = look(0, [node("a", "eu", { received: 100 })]);
  const restarted = node("a", "eu", { startedAt: new Date(STARTED + 1000).toISOString() });
  const [, , , line = ""] = renderView(look(2000, [restarted]), first);
  assert.match(line, /^eu {6}a +10 +- +- +- /);
});

Deno.test("renderView() lets nothing from the network steer the terminal", () => {
  const lines = renderView(look(0, [node("\x1b[2Jn\r\u009b1m", "e\nu")]), undefined);
  // deno-lint-ignore no-control-regex -- those are meant
  assert.ok(lines.every((line) => !/[\u0000-\u001f\u007f-\u009f]/.test(line)));
});

Deno.test("renderView() says what to do when nobody answers", () => {
  assert.match(renderView(look(0, []), undefined).at(-1) ?? "", /No node answers/);
});

Deno.test("readTopOptions() prefers the command line to the environment", () => {
  const env = (name: string) => name === "NATS_URL" ? "nats://env:4222" : undefined;
  assert.equal(readTopOptions([], env).servers, "nats://env:4222");
  assert.equal(readTopOptions(["--url", "nats://arg:1"], env).servers, "nats://arg:1");
  assert.equal(readTopOptions([], () => undefined).servers, "nats://127.0.0.1:4222");
  assert.equal(readTopOptions(["--interval", "0.5"], env).intervalMs, 500);
  for (const wrong of ["0", "x", "-1"]) {
    assert.throws(() => readTopOptions([`--interval=${wrong}`], env), TypeError);
  }
});

Deno.test("deno task top shows real nodes of two regions", async () => {
  await using eu = await startGateway({ region: "eu", backends });
  await using us = await startGateway({ region: "us", backends, env: { NATS_PREFIX: eu.prefix } });
  await using ann = await connect(eu.wsUrl, { token: await eu.token("ann") });
  await ann.call("system.ping", {});
  const rows = await until(async () => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "--quiet", "top", "--once", "--interval", "0.2", "--url", backends.natsUrl],
      cwd: fileURLToPath(ROOT),
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.equal(code, 0, `${text}${new TextDecoder().decode(stderr)}`);
    const lines = text.split("\n").map((line) => line.split(/\s+/));
    const of = (nodeId: string) => lines.find(([, id]) => id === nodeId);
    const found = [of(eu.nodeId), of(us.nodeId)];
    return found.every((row) => row !== undefined) && found;
  }, { what: "both nodes in the view", timeoutMs: 20_000 });
  assert.deepEqual(rows.map((row) => [row?.[0], row?.[2]]), [["eu", "1"], ["us", "0"]]);
  assert.match(rows[0]?.[3] ?? "", /^\d+\.\d$/);
});
