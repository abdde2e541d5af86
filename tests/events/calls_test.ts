import assert from "node:assert/strict";
import { SharedCall } from "../../src/events/shared_call.ts";
import { WorkLimit } from "../../src/events/work_limit.ts";

Deno.test("SharedCall answers nobody with what was asked before", async () => {
  const answers: ((value: number) => void)[] = [];
  const shared = new SharedCall(() => new Promise<number>((resolve) => answers.push(resolve)));

  const [first, second] = [shared.run(), shared.run()];
  await Promise.resolve();
  const [third, fourth] = [shared.run(), shared.run()];
  await Promise.resolve();
  assert.equal(answers.length, 1);
  answers[0]?.(1);
  assert.deepEqual(await Promise.all([first, second]), [1, 1]);
  await Promise.resolve();
  answers[1]?.(2);
  assert.deepEqual(await Promise.all([third, fourth]), [2, 2]);
});

Deno.test("SharedCall goes on after a failure", async () => {
  let calls = 0;
  const shared = new SharedCall(() =>
    ++calls === 1 ? Promise.reject(new Error("down")) : Promise.resolve(calls)
  );
  await assert.rejects(shared.run(), /down/);
  assert.equal(await shared.run(), 2);
});

Deno.test("WorkLimit runs so many at once, the others in order, failures or not", async () => {
  const limit = new WorkLimit(2);
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const works = [0, 1, 2, 3].map((i) =>
    limit.run(async () => {
      started.push(i);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (i === 0) throw new Error("failed");
    })
  );
  const first = assert.rejects(works[0] ?? Promise.resolve(), /failed/);

  assert.deepEqual(started, [0, 1]);
  ends[0]?.();
  await first;
  assert.deepEqual(started, [0, 1, 2]);
  ends[1]?.();
  await works[1];
  assert.deepEqual(started, [0, 1, 2, 3]);
  ends.forEach((end) => end());
  await Promise.all(works.slice(1));
});
