import assert from "node:assert/strict";
import fc from "fast-check";
import { begun, type Passage, until } from "./scripted_stream.ts";

const ANN = { user_id: "ann" };
const BOB = { user_id: "bob" };
const LOBBY = { location: "lobby" };

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
