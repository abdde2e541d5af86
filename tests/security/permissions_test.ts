import assert from "node:assert/strict";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { VARIABLES } from "../../src/config_variables.ts";
import { sharedBackends } from "../support/backends.ts";
import { connect } from "../support/game_client.ts";
import { gatewayArguments, startGateway } from "../support/gateway.ts";
import { until } from "../support/wait.ts";
import { ENGINES } from "./engines.ts";

const { natsUrl, restUrl, restToken } = await sharedBackends();

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SECRET = "a secret of the tests, which has 32 bytes and more";

for (const engine of ENGINES) {
  Deno.test(`production runs on its own permissions alone, engine ${engine}`, async () => {
    await using gateway = await startGateway({
      development: false,
      env: { JWT_SECRET: SECRET, WEBSOCKET_ENGINE: engine, LOBBY: "on" },
      backends: { natsUrl, restUrl, restToken },
    });
    await using client = await connect(gateway.wsUrl, { token: await gateway.token("ann") });
    await client.call("player.updatePresence", { status: "away", location: "lobby" });
    await client.call("presence.list", {});
    await client.call("player.sendEvent", { to: { user_id: "ann" }, type: "x" });
    await client.next("player.event");
    for (const path of ["/", "/healthz", "/readyz", "/metrics", "/openrpc.json"]) {
      const response = await fetch(`${gateway.url}${path}`);
      await response.body?.cancel();
      assert.equal(response.status, 200, path);
    }
    await client.close();
    assert.equal(await gateway.stop(), 0);
    const output = await gateway.output();
    assert.doesNotMatch(output, /NotCapable|Requires \w+ access|run again with the --allow/);
  });
}

Deno.test("the permissions of production allow nothing else", async () => {
  const args = gatewayArguments(false, {}).map((word) =>
    word.endsWith("main.ts") ? `${ROOT}tests/security/testdata/overstep.ts` : word
  );
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).output();
  const complaint = new TextDecoder().decode(stderr);
  assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout) || "null"), [], complaint);
});

Deno.test("the permissions name just the variables that the gateway reads", async () => {
  const { permissions } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const { net, env, read, sys, ...rest } = permissions.gateway;
  assert.equal(net, true);
  assert.deepEqual(new Set(env), new Set(Object.keys(VARIABLES)));
  assert.deepEqual(read, ["dist/lobby"]);
  // So that half of the memory is enough for an alarm where there is little.
  assert.deepEqual(sys, ["systemMemoryInfo"]);
  assert.deepEqual(rest, {});
});

Deno.test("deno task start serves, and ends when it is told to", async () => {
  const task = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "start"],
    cwd: ROOT,
    env: { PATH: process.env["PATH"] ?? "", HOST: "127.0.0.1", PORT: "0", JWT_SECRET: SECRET },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let output = "";
  const reading = (async () => {
    for await (const chunk of task.stdout) output += new TextDecoder().decode(chunk);
  })();
  try {
    const line = await until(() => output.split("\n").find((line) => line.includes("listening")), {
      what: "the task to listen",
      timeoutMs: 20_000,
    });
    const { address } = JSON.parse(line);
    const response = await fetch(`${address}/healthz`);
    assert.deepEqual(await response.json(), { status: "ok" });
  } finally {
    task.kill("SIGTERM");
  }
  assert.equal((await task.status).code, 0);
  await reading;
  for (const text of output.split("\n").filter((text) => text !== "")) JSON.parse(text);
});
