import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createMemoryExchange } from "../../src/bus/bus_memory.ts";
import { createSubjects } from "../../src/bus/subjects.ts";
import type { JetStreamLink } from "../../src/events/jetstream_link.ts";
import { JetStreamTracker } from "../../src/events/jetstream_tracker.ts";
import type { StreamPosition } from "../../src/events/stream_position.ts";
import { until } from "../support/wait.ts";
import { ScriptedStream } from "./scripted_stream.ts";

/** A tracker whose questions wait for the test to answer them. */
function open() {
  const asked: PromiseWithResolvers<StreamPosition>[] = [];
  const link: Pick<JetStreamLink, "position" | "read"> = {
    position: () => {
      const question = Promise.withResolvers<StreamPosition>();
      asked.push(question);
      return question.promise;
    },
    read: () => Promise.resolve(),
  };
  const bus = createMemoryExchange().connect();
  const tracker = new JetStreamTracker({
    bus,
    subjects: createSubjects("test"),
    link: link as JetStreamLink,
    onMalformed: () => {},
  });
  const position = new ScriptedStream().position();
  return {
    bus,
    tracker,
    question: () => until(() => asked.length > 0, { what: "it to ask" }),
    answer: (last: number) => asked.shift()?.resolve({ ...position, last }),
    refuse: () => asked.shift()?.reject(new Error("No leader")),
  };
}

Deno.test("an answer to what was asked before a cut is not taken for where the stream stands after it", async () => {
  const { bus, tracker, question, answer } = open();
  const following = tracker.follow("ann", { onEntry: () => {}, onLost: () => {} });
  await question();

  bus.disconnect();
  answer(5);
  bus.reconnect();
  await question();
  answer(8);

  assert.equal(await following.ready, tracker.seqOf(8));
  tracker.close();
});

Deno.test("who stops while the stream is away is forgotten", async () => {
  const { tracker, question, refuse } = open();
  const follower = await (async () => {
    const follower = { onEntry: () => {}, onLost: () => {} };
    const following = tracker.follow("ann", follower);
    await question();
    following.stop();
    refuse();
    await question();
    return new WeakRef(follower);
  })();

  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const isForgotten = () => {
    collectGarbage();
    return follower.deref() === undefined;
  };
  await until(isForgotten, { what: "the follower to be forgotten" });
  tracker.close();
});
