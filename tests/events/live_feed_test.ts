import assert from "node:assert/strict";
import { begun, until } from "./scripted_stream.ts";

const ANN = { user_id: "ann" };
const BOB = { user_id: "bob" };

Deno.test("what is stored while the link is cut is read when it is back, in order, before what is live", async () => {
  const stream = await begun();
  const ann = stream.follow("ann");
  stream.store(ANN);
  stream.cut();
  stream.store(ANN);
  stream.store("everyone");
  stream.store(BOB);
  stream.store(ANN);

  const mending = stream.mend();
  stream.store(ANN);
  stream.store("everyone");
  await mending;
  stream.store(ANN);

  assert.deepEqual(ann.seqs, stream.owed(ann));
  assert.equal(ann.seqs.length, 7);
  assert.equal(ann.lost, 0);
});

Deno.test("where the stream stood before a cut does not tell that nothing was missed in it", async () => {
  const stream = await begun();
  const ann = stream.follow("ann");
  stream.cut();
  const mending = stream.mend();
  stream.cut();
  await mending;
  stream.store("everyone");
  await stream.mend();

  assert.deepEqual(ann.seqs, stream.owed(ann));
  assert.equal(ann.seqs.length, 1);
});

Deno.test("a message that is missing is read before the one that showed it", async () => {
  const stream = await begun();
  const ann = stream.follow("ann");
  stream.store(ANN);
  stream.store(ANN, "lost");
  stream.store(ANN);

  assert.ok(stream.behind);
  await stream.check();

  assert.deepEqual(ann.seqs, stream.owed(ann));
  assert.equal(ann.lost, 0);
});

Deno.test("an announcement that is missing is noticed by the next one", async () => {
  const stream = await begun();
  const ann = stream.follow("ann");
  stream.store("everyone", "lost");
  stream.store("everyone");

  await stream.check();

  assert.deepEqual(ann.seqs, stream.owed(ann));
});

Deno.test("followers are told when a missing message can no longer be handed over in order", async () => {
  const stream = await begun();
  const [ann, bob] = [stream.follow("ann"), stream.follow("bob")];
  stream.store(ANN, "lost");
  stream.store("everyone");
  stream.store(ANN);

  await stream.check();

  assert.deepEqual([ann.lost, bob.lost], [1, 0]);
  assert.deepEqual(ann.seqs, stream.owed(ann).slice(1));
});

Deno.test("a server that sends messages on in another order is read from for ever", async () => {
  const stream = await begun();
  const ann = stream.follow("ann");
  stream.store(BOB);
  stream.store(ANN, "late");
  stream.store("everyone");
  await stream.check();
  const readings = stream.readings.length;

  stream.store(ANN);
  stream.store("everyone");
  stream.follow("bob");
  await until(() => ann.seqs.length === 3);

  assert.deepEqual(stream.listenedTo, []);
  assert.equal(stream.readings.length, readings);
  // The one that was late when it was noticed is lost, and said to be.
  assert.equal(ann.lost, 1);
  assert.deepEqual(ann.seqs, stream.owed(ann).slice(1));
  stream.feed.close();
});

Deno.test("a server known for it is read from at once, and nothing is lost", async () => {
  const stream = await begun({ republishesInOrder: false });
  const ann = stream.follow("ann");
  stream.store(ANN, "late");
  stream.store("everyone");
  stream.store(ANN);
  await until(() => ann.seqs.length === 3);

  assert.deepEqual(stream.listenedTo, []);
  assert.deepEqual(ann.seqs, stream.owed(ann));
  stream.cut();
  stream.store(ANN);
  await stream.mend();
  assert.deepEqual(ann.seqs, stream.owed(ann));
  stream.feed.close();
});

Deno.test("a new leader's stream is read, for what the old one could not send on", async () => {
  const stream = await begun();
  const ann = stream.follow("ann");
  stream.store(ANN, "lost");
  stream.leader = "two";

  await stream.check();

  assert.deepEqual(ann.seqs, stream.owed(ann));
});

Deno.test("followers are told when what was stored during a cut is no longer kept", async () => {
  const stream = await begun();
  const ann = stream.follow("ann");
  stream.store(ANN);
  stream.cut();
  stream.nowMs += 60_000;
  stream.store(ANN);
  stream.nowMs += 60_000;
  stream.store(BOB);
  stream.drop(2);

  await stream.mend();

  assert.equal(ann.lost, 1);
  stream.store(ANN);
  assert.equal(ann.seqs.length, 2);
});

Deno.test("a long cut alarms nobody when nothing was stored meanwhile", async () => {
  const stream = await begun();
  const ann = stream.follow("ann");
  stream.store(ANN);
  stream.cut();
  stream.nowMs += 600_000;
  stream.drop(1);

  await stream.mend();

  assert.equal(ann.lost, 0);
});

Deno.test("a stream that was made anew counts on", async () => {
  const stream = await begun();
  const ann = stream.follow("ann");
  stream.store(ANN);
  stream.store(ANN);
  stream.cut();
  stream.rebuild();
  stream.store(ANN);
  await stream.mend();
  stream.store("everyone");

  assert.equal(ann.seqs.length, 4);
  assert.deepEqual(ann.seqs, ann.seqs.toSorted((a, b) => a - b));
  assert.equal(ann.lost, 1);
});

Deno.test("a stream that was made anew while the link held is not taken for a server that misorders", async () => {
  const stream = await begun();
  const ann = stream.follow("ann");
  stream.store(ANN);
  stream.store(ANN);
  stream.rebuild();
  stream.store(ANN);
  assert.ok(stream.behind);
  await stream.check();
  stream.store(ANN);

  assert.deepEqual(stream.listenedTo, ["user ann"]);
  assert.equal(ann.seqs.length, 4);
  assert.deepEqual(ann.seqs, ann.seqs.toSorted((a, b) => a - b));
  assert.equal(ann.lost, 1);
});

Deno.test("only what is followed is listened to", async () => {
  const stream = await begun();
  const [one, two] = [stream.follow("ann"), stream.follow("ann")];
  const leave = stream.feed.followLocation("lobby", () => {});
  assert.deepEqual(stream.listenedTo, ["user ann", "location lobby"]);

  one.stop();
  leave();
  assert.deepEqual(stream.listenedTo, ["user ann"]);
  two.stop();
  assert.deepEqual(stream.listenedTo, []);
});

Deno.test("a node without followers reads nothing after a cut", async () => {
  const stream = await begun();
  stream.follow("ann").stop();
  stream.cut();
  stream.store(ANN);
  await stream.mend();

  assert.deepEqual(stream.readings, []);
  const ann = stream.follow("ann");
  stream.store(ANN);
  assert.deepEqual(ann.seqs, stream.owed(ann));
});
