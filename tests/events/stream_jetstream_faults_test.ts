import assert from "node:assert/strict";
import { jetstreamManager } from "@nats-io/jetstream";
import { createSubjects } from "../../src/bus/subjects.ts";
import { streamName } from "../../src/events/jetstream_setup.ts";
import { StreamError } from "../../src/events/stream.ts";
import { hasJetStream } from "../../src/events/stream_jetstream.ts";
import {
  AMPLE,
  event,
  follow,
  hears,
  rejectsWith,
  send,
  seqs,
} from "../conformance/stream/place.ts";
import { startNats } from "../support/servers/nats_server.ts";
import { until } from "../support/wait.ts";
import { openNode, ready, streamInfo } from "./jetstream_place.ts";
import { eventIds, Sender } from "./load.ts";

const subjects = createSubjects("waygate");

Deno.test("nothing that was acknowledged is lost or doubled when the server is killed and restarted", async () => {
  await using server = await startNats();
  await using a = openNode(server.url, subjects);
  await using b = openNode(server.url, subjects);
  await ready(b.stream);
  const heard = await follow(b.stream, "ann");
  const start = await heard.ready;
  const sender = new Sender(a.stream, "ann", 1);

  for (let kills = 0; kills < 2; kills++) {
    const before = sender.acknowledged.length;
    await until(() => sender.acknowledged.length > before + 100, { what: "some events" });
    await server.kill();
    await until(() => b.stream.status === "unavailable", { what: "the outage" });
    await server.restart();
    await until(() => b.stream.status === "ready", { what: "its end", timeoutMs: 15_000 });
  }
  const before = sender.acknowledged.length;
  await until(() => sender.acknowledged.length > before + 100, {
    what: "some more events",
    timeoutMs: 15_000,
  });
  await sender.stop();

  await hears(heard, sender.acknowledged.length);
  assert.deepEqual(eventIds(heard.entries), sender.acknowledged);
  assert.equal(heard.lost, 0);
  const replay = await a.stream.replay("ann", start);
  assert.deepEqual(eventIds(replay.entries), sender.acknowledged);
});

Deno.test("append() and replay() say within the limit that the server is away, and recover by themselves", async () => {
  await using server = await startNats();
  await using node = openNode(server.url, subjects);
  await ready(node.stream);
  const heard = await follow(node.stream, "ann");
  await server.kill();
  await until(() => node.stream.status === "unavailable", { what: "the outage" });

  const body = event("ann");
  const startedAt = performance.now();
  await rejectsWith("unavailable", node.stream.append("ann", body, "1"));
  await rejectsWith("unavailable", node.stream.replay("ann", 0));
  assert.ok(performance.now() - startedAt < 4_000, "It took longer than 4 s");

  await server.restart();
  await ready(node.stream);
  await node.stream.append("ann", body, "1");
  await node.stream.append("ann", body, "1");
  await send(node.stream, "ann");
  await hears(heard, 2);
  assert.equal(heard.entries.length, 2);
});

Deno.test("append() waits for a server that is away for a moment only", async () => {
  await using server = await startNats();
  await using node = openNode(server.url, subjects);
  await ready(node.stream);

  await server.kill();
  const appending = node.stream.append("ann", event("ann"), "1");
  await server.restart();

  assert.equal((await appending).duplicate, false);
});

Deno.test("append() gives up on a server that has frozen, and the retry stores it once", async () => {
  await using server = await startNats();
  await using node = openNode(server.url, subjects);
  await ready(node.stream);
  const heard = await follow(node.stream, "ann");
  const bodies = [event("ann")];
  const append = (body = bodies.at(-1) ?? event("ann")) =>
    node.stream.append("ann", body, body.event_id);

  server.suspend();
  // The first ones may still slip through.
  while (await append().then(() => true, isUnavailable)) bodies.push(event("ann"));
  server.resume();
  await until(() => append(), { what: "the retry", timeoutMs: 20_000 });
  bodies.push(event("ann"));
  await append();

  await hears(heard, bodies.length);
  assert.deepEqual(eventIds(heard.entries), bodies.map(({ event_id }) => event_id));
});

/** Lets other errors through; false for the one that is expected. */
function isUnavailable(error: unknown): boolean {
  if (error instanceof StreamError && error.reason === "unavailable") return false;
  throw error;
}

Deno.test("a node that starts before the server is ready once the server is", async () => {
  await using server = await startNats();
  await server.kill();
  await using node = openNode(server.url, subjects);
  const following = node.stream.follow("ann", { onEntry: () => {}, onLost: () => {} });
  assert.equal(node.stream.status, "unavailable");

  await server.restart();

  await ready(node.stream);
  assert.ok(await following.ready > 0);
});

Deno.test("a stream that was lost with the server's memory counts on, and replays say so", async () => {
  await using server = await startNats();
  await using node = openNode(server.url, subjects, { storage: "memory" });
  await ready(node.stream);
  const heard = await follow(node.stream, "ann");
  const before = [await send(node.stream, "ann"), await send(node.stream, "ann")];
  await hears(heard, 2);

  await server.restart();
  await until(() => heard.lost > 0, { what: "the news of the loss", timeoutMs: 15_000 });
  await ready(node.stream);
  const after = await send(node.stream, "ann");

  await hears(heard, 3);
  assert.deepEqual(seqs(heard.entries), [...before, after]);
  assert.ok(after > (before[1] ?? Infinity));
  assert.equal((await node.stream.replay("ann", before[0] ?? 0)).complete, false);
  assert.deepEqual(seqs((await node.stream.replay("ann", 0)).entries), [after]);
});

Deno.test("a stream that somebody has deleted is made anew by the next append", async () => {
  await using server = await startNats();
  await using node = openNode(server.url, subjects);
  await ready(node.stream);
  const heard = await follow(node.stream, "ann");
  const before = await send(node.stream, "ann");
  await hears(heard, 1);
  const manager = await jetstreamManager(await node.bus.connection());
  await manager.streams.delete(streamName(subjects));

  const after = await send(node.stream, "ann");

  assert.ok(after > before);
  await hears(heard, 2);
  assert.deepEqual(seqs(heard.entries), [before, after]);
});

Deno.test("a replay from a stream that somebody has purged does not pass for complete", async () => {
  await using server = await startNats();
  await using node = openNode(server.url, subjects);
  await ready(node.stream);
  const seen = await send(node.stream, "ann");
  const missed = await send(node.stream, "ann");
  const manager = await jetstreamManager(await node.bus.connection());
  await manager.streams.purge(streamName(subjects));

  assert.equal((await node.stream.replay("ann", seen)).complete, false);
  assert.equal((await node.stream.replay("ann", missed)).complete, true);
});

Deno.test("without JetStream the stream says so, and a gateway can ask before", async () => {
  await using server = await startNats({ jetstream: false });
  await using node = openNode(server.url, subjects);
  await rejectsWith("disabled", node.stream.append("ann", event("ann"), "1"));
  await rejectsWith("disabled", node.stream.replay("ann", 0));
  assert.equal(node.stream.status, "unavailable");
  assert.equal(await hasJetStream(await node.bus.connection()), false);

  await using proper = await startNats();
  await using other = openNode(proper.url, subjects);
  assert.equal(await hasJetStream(await other.bus.connection()), true);
});

Deno.test("somebody else's stream under our name, or over our subjects, is left alone", async () => {
  await using server = await startNats();
  await using node = openNode(server.url, createSubjects("taken"));
  const connection = await node.bus.connection();
  const manager = await jetstreamManager(connection);
  await until(() => manager.streams.delete("taken_EVENTS"), { what: "the stream to be gone" });
  await manager.streams.add({ name: "taken_EVENTS", subjects: ["something.else"] });
  await manager.streams.add({ name: "other", subjects: ["overlap.>"] });

  await rejectsWith("refused", node.stream.append("ann", event("ann"), "1"));
  await using overlapping = openNode(server.url, createSubjects("overlap"));
  await rejectsWith("refused", overlapping.stream.append("ann", event("ann"), "1"));

  const { config } = await manager.streams.info("taken_EVENTS");
  assert.deepEqual(config.subjects, ["something.else"]);
});

Deno.test("a login that may not use JetStream is told what to allow", async () => {
  const permissions = `{ publish: { deny: "$JS.>" } }`;
  const config =
    `authorization { users: [ { user: "u", password: "p", permissions: ${permissions} } ] }`;
  await using server = await startNats({ config });
  await using node = openNode(server.url.replace("//", "//u:p@"), subjects);

  await assert.rejects(node.stream.append("ann", event("ann"), "1"), /NATS does not permit/);
});

Deno.test("a window that has changed is given to the stream that is there, and its size stays", async () => {
  await using server = await startNats();
  {
    await using node = openNode(server.url, subjects);
    await ready(node.stream);
    await send(node.stream, "ann");
  }
  const limits = { ...AMPLE, windowMs: 120_000, maxPerUser: 7 };
  await using node = openNode(server.url, subjects, { limits });
  await ready(node.stream);

  const { config, state } = await streamInfo(await node.bus.connection(), subjects);
  assert.equal(config.max_msgs_per_subject, AMPLE.maxPerUser);
  assert.equal(config.max_age, 125_000 * 1e6);
  assert.equal(state.messages, 1);
});

Deno.test("a hundred users who resume at the same moment all get what they missed", async () => {
  await using server = await startNats();
  await using a = openNode(server.url, subjects);
  await using b = openNode(server.url, subjects);
  await ready(b.stream);
  const users = Array.from({ length: 100 }, (_, i) => `user-${i}`);
  const starts = await Promise.all(users.map((user) => send(a.stream, user)));
  const missed = await Promise.all(users.map(async (user) => {
    const sent: number[] = [];
    for (let i = 0; i < 20; i++) sent.push(await send(a.stream, user));
    return sent;
  }));

  const replays = await Promise.all(users.map((user, i) => b.stream.replay(user, starts[i] ?? 0)));

  for (const [i, replay] of replays.entries()) {
    assert.equal(replay.complete, true);
    assert.deepEqual(seqs(replay.entries), missed[i]);
  }
});
