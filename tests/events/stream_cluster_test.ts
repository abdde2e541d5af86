/** The streams on a cluster: what is stored is replicated, and sent on in order. */
import assert from "node:assert/strict";
import { createSubjects } from "../../src/bus/subjects.ts";
import { testStreamFollowing } from "../conformance/stream/following.ts";
import { testStreamLocations } from "../conformance/stream/locations.ts";
import {
  announcement,
  follow,
  hears,
  type OpenStreamPlace,
  send,
  seqs,
} from "../conformance/stream/place.ts";
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

for (const sequence of ["1", "999999999"]) {
  Deno.test(`a service's own Nats-Sequence: ${sequence} neither silences nor slows anybody`, async () => {
    const subjects = createSubjects(`copied-${sequence}`);
    await using node = openNode(cluster.urls, subjects, { replicas: 3 });
    await ready(node.stream);
    await using service = openNode(cluster.urls, subjects, { replicas: 3 });
    const heard = await follow(node.stream, "ann");
    const both = async () => {
      const { seq } = await service.stream.announce(announcement());
      return [seq, await send(service.stream, "ann")];
    };
    const sent = await both();
    await hears(heard, 2);

    const copied = { "Nats-Sequence": sequence, "Nats-Last-Sequence": "0" };
    service.bus.publish(subjects.announce(), JSON.stringify({ message: "x" }), copied);
    service.bus.publish(subjects.userEvent("ann"), JSON.stringify({ type: "x" }), copied);
    await hears(heard, 4);
    sent.push(...await both());
    await hears(heard, 6);

    const numbers = seqs(heard.entries);
    assert.deepEqual([...numbers.slice(0, 2), ...numbers.slice(4)], sent);
    assert.equal(heard.lost, 0);
    const { state } = await streamInfo(await service.bus.connection(), subjects);
    assert.equal(state.consumer_count, 0, "the node reads all of the stream");
  });
}

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
