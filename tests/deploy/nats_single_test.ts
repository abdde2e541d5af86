/** The one NATS server of deploy/compose.yaml, with the login that everything there has. */
import assert from "node:assert/strict";
import { connectNatsBus } from "../../src/bus/bus_nats.ts";
import { askNodes } from "../../deploy/top/node_report.ts";
import { sharedBackends } from "../support/backends.ts";
import { connect } from "../support/game_client.ts";
import { startGateway } from "../support/gateway.ts";
import { requireProgram } from "../support/programs.ts";
import { freePort } from "../support/servers/free_port.ts";
import { ServerProcess } from "../support/servers/server_process.ts";
import { firstReply } from "../support/servers/tcp_probe.ts";
import { until } from "../support/wait.ts";
import { NATS_ENVIRONMENT, NATS_FOLDER } from "./super_cluster.ts";

const LOGIN = { user: "waygate", password: NATS_ENVIRONMENT["NATS_WAYGATE_PASSWORD"] ?? "" };
const backends = await sharedBackends();

async function startSingle(): Promise<ServerProcess> {
  const directory = await Deno.makeTempDir({ prefix: "nats_single_" });
  const port = freePort();
  const config = (await Deno.readTextFile(new URL("single.conf", NATS_FOLDER)))
    .replace("listen: 0.0.0.0:4222", `listen: 127.0.0.1:${port}`)
    .replace("http: 127.0.0.1:8222", "")
    .replace("/data/jetstream", `${directory}/jetstream`);
  await Deno.writeTextFile(`${directory}/nats.conf`, config);
  return await ServerProcess.start({
    name: "nats-server of compose.yaml",
    url: `nats://127.0.0.1:${port}`,
    port,
    directory,
    command: requireProgram("nats-server"),
    args: ["--config", `${directory}/nats.conf`],
    env: NATS_ENVIRONMENT,
    answers: async () => (await firstReply(port, "\r\n")).startsWith("INFO "),
  });
}

Deno.test("the login of single.conf serves a gateway, its events and deno task top", async () => {
  await using nats = await startSingle();
  await using gateway = await startGateway({
    backends: { ...backends, natsUrl: nats.url },
    env: { NATS_PREFIX: "waygate", NATS_USER: LOGIN.user, NATS_PASSWORD: LOGIN.password },
  });
  const userId = `ann-${crypto.randomUUID()}`;
  await using ann = await connect(gateway.wsUrl, { token: await gateway.token(userId) });
  await ann.call("player.sendEvent", { to: { user_id: userId }, type: "note" });
  assert.equal((await ann.next("player.event")).type, "note");

  const top = connectNatsBus({ servers: nats.url, name: "test", ...LOGIN });
  try {
    const connection = await top.connection();
    await until(async () => {
      const nodes = await askNodes(connection);
      assert.deepEqual(nodes.map(({ nodeId }) => nodeId), [gateway.nodeId]);
      return true;
    }, { what: "the gateway to answer for itself" });
  } finally {
    await top.close();
  }
});
