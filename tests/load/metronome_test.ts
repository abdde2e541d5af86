import assert from "node:assert/strict";
import { until } from "../support/wait.ts";
import { Metronome } from "./metronome.ts";
import { nowMs } from "./recorder.ts";

Deno.test("a metronome beats from its start on, and not once it is stopped", async () => {
  const startMs = nowMs() + 200;
  const beatsAtMs: number[] = [];
  const metronome = new Metronome(startMs, 5, () => beatsAtMs.push(nowMs()));
  await until(() => beatsAtMs.length >= 20, { what: "20 beats" });
  metronome.stop();
  const count = beatsAtMs.length;
  assert.ok(beatsAtMs.every((atMs, index) => atMs >= startMs + index * 5 - 1));
  await until(() => nowMs() > startMs + count * 5 + 100, { what: "the time of more beats" });
  assert.equal(beatsAtMs.length, count);
});
