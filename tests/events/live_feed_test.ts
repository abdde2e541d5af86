import assert from "node:assert/strict";
import fc from "fast-check";
import { type Passage, ScriptedStream } from "./scripted_stream.ts";

const ANN = { user_id: "ann" };
const BOB = { user_id: "bob" };
const LOBBY = { location: "lobby" };

/** A node that is up with the stream. */
async function begun(change: Partial<ScriptedStream> = {}): Promise<ScriptedStream> {
  const stream = Object.assign(new ScriptedStream(), change);
  await stream.check();
  return stream;
}

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

type Step =
  | {
    readonly do: "store";
    readonly to: typeof ANN | typeof LOBBY | "everyone";
    readonly how: Passage;
  }
  | { readonly do: "cut" | "mend" | "check" | "leader" | "follow" | "stop" | "pass" };

const to = fc.constantFrom(ANN, ANN, BOB, LOBBY, "everyone" as const);
const store = (...how: Passage[]) =>
  fc.record({ do: fc.constant("store" as const), to, how: fc.constantFrom(...how) });
const other = fc.record({
  do: fc.constantFrom("cut", "mend", "check", "follow", "stop", "pass" as const),
});

Deno.test("whatever is cut, every follower gets all that it is owed, in order, each once", async () => {
  const steps = fc.array(fc.oneof({ weight: 3, arbitrary: store("prompt") }, other), {
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (steps, republishesInOrder) => {
      const { stream, followers } = await play(steps, republishesInOrder);
      for (const follower of followers) {
        assert.deepEqual(follower.seqs, stream.owed(follower));
        assert.equal(follower.lost, 0);
      }
      stream.feed.close();
    }),
    { numRuns: 1000 },
  );
});

Deno.test("whatever gets lost or comes late, no follower misses something unless it is told", async () => {
  const leader = fc.record({ do: fc.constant("leader" as const) });
  const steps = fc.array(
    fc.oneof({ weight: 4, arbitrary: store("prompt", "prompt", "late", "lost") }, other, leader),
    { maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      const { stream, followers } = await play(steps, true);
      for (const follower of followers) {
        const owed = stream.owed(follower);
        const told = follower.lost > 0;
        assert.ok(follower.seqs.every((seq) => owed.includes(seq)), "It is owed all that it got");
        assert.deepEqual(follower.seqs, [...new Set(follower.seqs)].toSorted((a, b) => a - b));
        if (!told) assert.deepEqual(follower.seqs, owed);
      }
      stream.feed.close();
    }),
    { numRuns: 1000 },
  );
});

async function play(steps: readonly Step[], republishesInOrder: boolean) {
  const stream = await begun({ republishesInOrder });
  const followers = [stream.follow("ann")];
  stream.feed.followLocation("lobby", () => {});
  for (const step of steps) {
    stream.nowMs += 100;
    switch (step.do) {
      case "store":
        stream.store(step.to, step.how);
        break;
      case "cut":
        stream.cut();
        break;
      case "mend":
        void stream.mend();
        break;
      case "check":
        await stream.check();
        break;
      case "leader":
        stream.leader += "'";
        break;
      case "follow":
        followers.push(stream.follow(followers.length % 2 ? "bob" : "ann"));
        break;
      case "stop":
        followers.pop()?.stop();
        break;
      case "pass":
        await Promise.resolve();
        break;
    }
  }
  stream.settle();
  await stream.mend();
  // One more of each shows whatever had not been noticed.
  for (const last of [ANN, BOB, "everyone" as const]) stream.store(last);
  await stream.mend();
  await until(() => followers.every((one) => one.seqs.length + one.lost > 0));
  await until(() => stream.feed.synced);
  for (let i = 0; i < 200; i++) await Promise.resolve();
  return { stream, followers };
}

/** Waits for a condition that no timer is needed for. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !condition(); i++) await Promise.resolve();
  assert.ok(condition());
}
