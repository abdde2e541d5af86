import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ListenerWatch } from "../../src/serve_node_watch.ts";
import { connect } from "../support/game_client.ts";
import { gatewayArguments } from "../support/gateway.ts";
import { runtimeEnvironment } from "../support/runtime_environment.ts";
import { freePort } from "../support/servers/free_port.ts";
import { until } from "../support/wait.ts";
import { testEngines } from "./engines.ts";

const DESCRIPTORS = 100;

testEngines("file descriptors that ran out keep nobody out for long", async (engine) => {
  const port = freePort();
  const address = `http://127.0.0.1:${port}`;
  const env = { HOST: "127.0.0.1", PORT: `${port}`, WEBSOCKET_ENGINE: engine };
  await using _ = runWithFewDescriptors(env);
  const token = await until(() => developmentToken(address), {
    what: "the gateway",
    timeoutMs: 15_000,
  });
  const wsUrl = `${address.replace("http", "ws")}/ws`;
  await using early = await connect(wsUrl, { token });
  const crowd = await connections(port, DESCRIPTORS * 2);
  using fresh = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  const stranger = { client: fresh, signal: AbortSignal.timeout(500) };
  await assert.rejects(fetch(`${address}/healthz`, stranger), "nobody else is let in");
  for (const connection of crowd) connection.close();

  await using late = await until(() => connect(wsUrl, { token }), {
    what: "a connection to be accepted",
    timeoutMs: 20_000,
  });
  await late.call("system.ping");
  await early.call("system.ping");
});

Deno.test("ListenerWatch leaves a listener alone that is idle, or full", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { address, port } = server.address() as AddressInfo;
  let heard = 0;
  let relistened = 0;
  server.on("connection", () => heard++);
  server.on("drop", () => heard++);
  server.on("listening", () => relistened++);
  const watch = new ListenerWatch(server, address, port, 20);
  await until(() => heard > 3, { what: "calls to the idle listener" });
  server.maxConnections = 0;
  await until(() => heard > 6, { what: "calls to the full listener" });
  watch.stop();
  await new Promise((resolve) => server.close(resolve));
  assert.equal(relistened, 0);
});

/** A gateway in development that may have few files and sockets open. */
function runWithFewDescriptors(env: Readonly<Record<string, string>>): AsyncDisposable {
  const limited = `ulimit -n ${DESCRIPTORS} && exec "$@"`;
  const child = new Deno.Command("sh", {
    args: ["-c", limited, "sh", Deno.execPath(), ...gatewayArguments(true, env)],
    env: { ...env, ...runtimeEnvironment() },
    clearEnv: true,
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
    },
  };
}

async function developmentToken(address: string): Promise<string> {
  const request = { method: "POST", body: JSON.stringify({ sub: "ann" }) };
  return (await (await fetch(`${address}/dev/token`, request)).json()).token;
}

/** As many connections as can be had, up to a number. */
async function connections(port: number, count: number): Promise<Deno.Conn[]> {
  const open: Deno.Conn[] = [];
  try {
    while (open.length < count) open.push(await Deno.connect({ hostname: "127.0.0.1", port }));
  } catch {
    // The gateway listens no longer.
  }
  return open;
}
