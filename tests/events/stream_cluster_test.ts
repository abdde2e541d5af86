/** The streams on a cluster: what is stored is replicated, and sent on in order. */
import assert from "node:assert/strict";
import { createSubjects } from "../../src/bus/subjects.ts";
import { testStreamFollowing } from "../conformance/stream/following.ts";
import { testStreamLocations } from "../conformance/stream/locations.ts";
import { follow, hears, type OpenStreamPlace } from "../conformance/stream/place.ts";
import { testStreamSeam } from "../conformance/stream/seam.ts";
import { until } from "../support/wait.ts";
import { openJetStreamPlace, openNode, ready, streamInfo } from "./jetstream_place.ts";
import { eventIds, Sender } from "./load.ts";
import { startNatsCluster } from "./nats_cluster.ts";

const cluster = await startNatsCluster();
Deno.test.afterAll(async () => await cluster[Symbol.asyncDispose]());

const open: OpenStreamPlace = (limits) => openJetStreamPlace(cluster.urls, limits, 3);

// A server before 2.10 sends on in order what is replicated; the rest does not depend on that.
testStreamFollowing("replicated stream", open);
testStreamLocations("replicated stream", open);
testStreamSeam("replicated stream", open);

Deno.test("nothing that was acknowledged is lost or doubled when the stream's leader is killed", async () => {
  const subjects = createSubjects("killed");
  await using a = openNode(cluster.urls, subjects, { replicas: 3 });
  await using b = openNode(cluster.urls, subjects, { replicas: 3 });
  await ready(b.stream);
  const heard = await follow(b.stream, "ann");
  const start = await heard.ready;
  const sender = new Sender(a.stream, "ann", 2);
  const sent = async (count: number) => {
    const goal = sender.acknowledged.length + count;
    await until(() => sender.acknowledged.length > goal, { what: "events", timeoutMs: 30_000 });
  };

  await sent(200);
  const { cluster: raft } = await streamInfo(await a.bus.connection(), subjects);
  const leader = cluster.servers.get(raft?.leader ?? "");
  assert.ok(leader);
  await leader.kill();
  await sent(200);
  await leader.restart();
  await sent(200);
  await sender.stop();

  await hears(heard, sender.acknowledged.length);
  assert.deepEqual(eventIds(heard.entries), sender.acknowledged);
  assert.equal(heard.lost, 0);
  await until(
    async () => {
      const replay = await b.stream.replay("ann", start);
      return replay.complete && eventIds(replay.entries).length === sender.acknowledged.length;
    },
    { what: "a complete replay", timeoutMs: 15_000 },
  );
});
