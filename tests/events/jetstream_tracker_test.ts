import assert from "node:assert/strict";
import { createMemoryExchange } from "../../src/bus/bus_memory.ts";
import { createSubjects } from "../../src/bus/subjects.ts";
import type { JetStreamLink } from "../../src/events/jetstream_link.ts";
import { JetStreamTracker } from "../../src/events/jetstream_tracker.ts";
import type { StreamPosition } from "../../src/events/stream_position.ts";
import { until } from "../support/wait.ts";
import { ScriptedStream } from "./scripted_stream.ts";

Deno.test("an answer to what was asked before a cut is not taken for where the stream stands after it", async () => {
  const asked: ((position: StreamPosition) => void)[] = [];
  const link: Pick<JetStreamLink, "position" | "read"> = {
    position: () => new Promise((resolve) => asked.push(resolve)),
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
  const answer = (last: number): void => asked.shift()?.({ ...position, last });
  const following = tracker.follow("ann", { onEntry: () => {}, onLost: () => {} });
  await until(() => asked.length > 0, { what: "it to ask" });

  bus.disconnect();
  answer(5);
  bus.reconnect();
  await until(() => asked.length > 0, { what: "it to ask once more" });
  answer(8);

  assert.equal(await following.ready, tracker.seqOf(8));
  tracker.close();
});
