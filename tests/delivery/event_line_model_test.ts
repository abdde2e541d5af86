import assert from "node:assert/strict";
import fc from "fast-check";
import type { EventEntry } from "../../src/events/stream.ts";
import { EventLine } from "../../src/gateway/event_line.ts";
import { openLinked } from "../gateway/linked_connection.ts";
import { entry } from "./entries.ts";

/** What is missed can be several times this; what comes live later must fit in. */
const SEND_QUEUE_BYTES = 65_536;
const LARGE = "x".repeat(8000);

/** What can happen between a client's return and its being up to date. */
const step = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ kind: "event" } as const) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("read" as const), frames: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "arrive" } as const) },
);

Deno.test("the seam between replay and live: no gap and no double, whatever comes when", () => {
  const scenario = fc.record({
    stored: fc.nat(30),
    seen: fc.nat(30),
    before: fc.array(step, { maxLength: 20 }),
    reading: fc.array(step, { maxLength: 20 }),
    after: fc.array(step, { maxLength: 40 }),
  });
  fc.assert(
    fc.property(scenario, ({ stored, seen, before, reading, after }) => {
      const caughtUp = { flow() {} };
      using place = openLinked({
        host: { sendQueueBytes: SEND_QUEUE_BYTES, onCaughtUp: () => caughtUp.flow() },
      });
      const line = new EventLine(
        place.connection,
        ({ seq, params }) => JSON.stringify({ seq, ...params }),
      );
      caughtUp.flow = () => line.flow();
      const log = Array.from({ length: stored }, (_, index) => entry(index + 1, LARGE));
      const lastSeq = Math.min(seen, stored);
      /** Live entries that were stored but have not arrived at this node. */
      const onTheirWay: EventEntry[] = [];
      const play = (steps: readonly (typeof before)[number][]): void => {
        for (const happening of steps) {
          if (happening.kind === "event") {
            const next = entry(log.length + 1, "");
            log.push(next);
            onTheirWay.push(next);
          } else if (happening.kind === "read") place.client.read(happening.frames);
          else for (const late of onTheirWay.splice(0, 3)) line.take(late);
        }
      };
      place.client.pause();
      line.hold();
      play(before);
      const replayed = log.filter(({ seq }) => seq > lastSeq);
      play(reading);
      assert.equal(line.goOn(lastSeq, replayed), replayed.length);
      line.release();
      play(after);
      for (const late of onTheirWay) line.take(late);
      do {
        place.client.read(4);
        place.connection.outbox.pump();
      } while (place.socket.bufferedBytes > 0);
      const expected = log.filter(({ seq }) => seq > lastSeq).map(({ seq }) => seq);
      assert.deepEqual(place.client.messages.map(({ seq }) => seq), expected);
      assert.deepEqual(place.ends, []);
    }),
    { numRuns: 1000 },
  );
});
