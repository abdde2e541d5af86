/** How many copies servers hold of the stream, on real clusters. */
import assert from "node:assert/strict";
import { jetstreamManager } from "@nats-io/jetstream";
import { connectNatsBus } from "../../src/bus/bus_nats.ts";
import { createSubjects, type Subjects } from "../../src/bus/subjects.ts";
import { streamName } from "../../src/events/jetstream_setup.ts";
import { AMPLE, follow, hears, send, seqs } from "../conformance/stream/place.ts";
import { connect } from "../support/game_client.ts";
import { startGateway } from "../support/gateway.ts";
import { startNats } from "../support/servers/nats_server.ts";
import { until } from "../support/wait.ts";
import { type JetStreamNode, openNode, ready, streamInfo } from "./jetstream_place.ts";
import { startNatsCluster } from "./nats_cluster.ts";

/** What the servers say of a node's stream. */
async function configOf({ bus }: JetStreamNode, subjects: Subjects) {
  return (await streamInfo(await bus.connection(), subjects)).config;
}

/** Changes the number of copies as an operator would. */
async function setReplicas(node: JetStreamNode, subjects: Subjects, replicas: number) {
  const manager = await jetstreamManager(await node.bus.connection());
  const config = await configOf(node, subjects);
  await manager.streams.update(streamName(subjects), { ...config, num_replicas: replicas });
}

Deno.test("the gateway keeps three copies on a cluster of three, one on a single server", async () => {
  await using cluster = await startNatsCluster();
  await using single = await startNats();
  for (const [url, copies] of [[cluster.urls, 3], [single.url, 1]] as const) {
    await using gateway = await startGateway({ backends: { natsUrl: url } });
    await using client = await connect(gateway.wsUrl, { token: await gateway.token("ann") });
    await client.call("player.sendEvent", { to: { user_id: "ann" }, type: "x" });
    await client.next("player.event");
    const bus = connectNatsBus({ servers: url, name: "test" });
    const info = await streamInfo(await bus.connection(), createSubjects(gateway.prefix));
    await bus.close();
    assert.equal(info.config.num_replicas, copies);
    assert.equal(info.cluster?.replicas?.length ?? 0, copies - 1);
  }
});

Deno.test("a stream keeps the number of copies that its operator gave it", async () => {
  await using cluster = await startNatsCluster();
  const subjects = createSubjects("operated");
  for (const [asked, given] of [[1, 3], [3, 1]] as const) {
    await using first = openNode(cluster.urls, subjects, { replicas: asked });
    await ready(first.stream);
    await setReplicas(first, subjects, given);

    // Other limits make the node change the stream.
    const limits = { ...AMPLE, windowMs: AMPLE.windowMs + given * 1000 };
    await using later = openNode(cluster.urls, subjects, { replicas: asked, limits });
    await ready(later.stream);

    const config = await configOf(later, subjects);
    assert.equal(config.num_replicas, given);
    assert.equal(config.max_age, (limits.windowMs + 5000) * 1e6);
  }
});

/** Whether the servers send on out of order what has one copy, so that nodes read all of it. */
function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < 2 || (major === 2 && minor < 10);
}

Deno.test("a node reads in full, or not, by the copies that the stream has now", async () => {
  await using cluster = await startNatsCluster();
  const subjects = createSubjects("followed");
  await using node = openNode(cluster.urls, subjects, { replicas: 3 });
  await ready(node.stream);
  const connection = await node.bus.connection();
  const readers = async (count: number) =>
    await until(
      async () => (await streamInfo(connection, subjects)).state.consumer_count === count,
      { what: `${count} readers of the stream`, timeoutMs: 20_000, intervalMs: 100 },
    );
  const heard = await follow(node.stream, "ann");
  await readers(0);

  await setReplicas(node, subjects, 1);
  await readers(isOld(connection.info?.version ?? "") ? 1 : 0);
  const sent = [await until(() => send(node.stream, "ann"), { what: "an entry" })];
  await hears(heard, 1);

  await setReplicas(node, subjects, 3);
  sent.push(await until(() => send(node.stream, "ann"), { what: "another entry" }));
  await hears(heard, 2);
  assert.deepEqual(seqs(heard.entries), sent);
  assert.equal(heard.lost, 0);
});

Deno.test("a stream gets its copies once enough servers are there, and no entry is lost", async () => {
  await using cluster = await startNatsCluster();
  const away = [...cluster.servers.values()].at(-1);
  assert.ok(away);
  const urls = [...cluster.servers.values()].slice(0, 2).map(({ url }) => url).join(",");
  await away.stop();
  const subjects = createSubjects("makeshift");
  await using node = openNode(urls, subjects, { replicas: 3 });
  await ready(node.stream);
  assert.equal((await configOf(node, subjects)).num_replicas, 1);
  const heard = await follow(node.stream, "ann");
  const sent = [await send(node.stream, "ann")];

  await away.restart();
  await until(async () => (await configOf(node, subjects)).num_replicas === 3, {
    what: "three copies",
    timeoutMs: 30_000,
    intervalMs: 100,
  });

  sent.push(await until(() => send(node.stream, "ann"), { what: "one more entry" }));
  await hears(heard, 2);
  assert.deepEqual(seqs(heard.entries), sent);
  assert.equal(heard.lost, 0);
});
