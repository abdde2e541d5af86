import assert from "node:assert/strict";
import fc from "fast-check";
import { KeptEntries } from "../../src/events/kept_entries.ts";
import { REPLAY_MAX_BYTES, retentionMs } from "../../src/events/limits.ts";
import type { StreamEntry } from "../../src/events/stream.ts";

const LIMITS = { windowMs: 1000, maxBytes: 1000, maxPerUser: 5 };
const KEPT_MS = retentionMs(LIMITS);

function entry(seq: number): StreamEntry {
  return {
    seq,
    notification: "system.announcement",
    params: { announcement_id: "a", level: "info", message: "m", sent_at: "" },
  };
}

type Step =
  | { readonly do: "add"; readonly user: string | null; readonly bytes: number }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "ask"; readonly user: string; readonly back: number };

const user = fc.constantFrom("ann", "bob");
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("add" as const),
        user: fc.option(user, { freq: 4 }),
        bytes: fc.integer({ min: 1, max: 400 }),
      }),
    },
    fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: KEPT_MS }) }),
    fc.record({ do: fc.constant("ask" as const), user, back: fc.nat(10) }),
  ),
  { maxLength: 60 },
);

Deno.test("after() gives what a plain list would, and is complete unless something young was dropped", () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const kept = new KeptEntries(LIMITS);
      const all: { user: string | null; seq: number; atMs: number; bytes: number }[] = [];
      const droppedAtMs = new Map<number, number>();
      let nowMs = 0;
      const present = () =>
        all.filter(({ seq, atMs }) => !droppedAtMs.has(seq) && atMs > nowMs - KEPT_MS);
      const drop = (from: ReturnType<typeof present>) => {
        const [oldest] = from;
        if (oldest) droppedAtMs.set(oldest.seq, nowMs);
      };
      for (const step of steps) {
        if (step.do === "pass") {
          nowMs += step.ms;
        } else if (step.do === "add") {
          const seq = all.length + 1;
          all.push({ user: step.user, seq, atMs: nowMs, bytes: step.bytes });
          kept.add(step.user, entry(seq), step.bytes, nowMs);
          const lane = present().filter(({ user }) => user === step.user);
          if (lane.length > LIMITS.maxPerUser) drop(lane);
          while (present().reduce((sum, { bytes }) => sum + bytes, 0) > LIMITS.maxBytes) {
            drop(present());
          }
        } else {
          const after = Math.max(0, all.length - step.back);
          const meant = all.filter(({ user, seq }) =>
            seq > after && (user === step.user || user === null)
          );
          // A loss is remembered for as long as what was lost might have been asked for.
          const complete = meant.every(({ seq }) =>
            (droppedAtMs.get(seq) ?? -Infinity) <= nowMs - KEPT_MS
          );
          const replay = kept.after(step.user, after, nowMs);
          assert.equal(replay.complete, complete);
          assert.deepEqual(
            replay.entries.map(({ seq }) => seq),
            complete
              ? present().filter(({ seq }) => meant.some((m) => m.seq === seq)).map(({ seq }) =>
                seq
              )
              : [],
          );
        }
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("after() gives up on more than one replay may hold", () => {
  const kept = new KeptEntries({ windowMs: 1000, maxBytes: Infinity, maxPerUser: 100 });
  for (let seq = 1; seq <= 4; seq++) kept.add("ann", entry(seq), REPLAY_MAX_BYTES / 3, 0);
  assert.equal(kept.after("ann", 0, 0).complete, false);
  assert.equal(kept.after("ann", 2, 0).entries.length, 2);
});
