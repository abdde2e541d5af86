import assert from "node:assert/strict";
import { RoundTrip } from "../../src/telemetry/round_trip.ts";
import { until } from "../support/wait.ts";

Deno.test("RoundTrip.read() gives the last answer's time and asks again", async () => {
  const questions: PromiseWithResolvers<void>[] = [];
  const roundTrip = new RoundTrip(() => {
    const question = Promise.withResolvers<void>();
    questions.push(question);
    return question.promise;
  });
  assert.equal(roundTrip.read(), undefined);
  await until(() => (roundTrip.read() ?? 0) > 20, { what: "the wait to show" });
  questions[0]?.resolve();
  const answered = await until(() => questions.length === 1 ? roundTrip.read() : 0, {
    what: "the answer",
  });
  assert.ok(answered > 20 && answered < 1000, `${answered} ms`);
  await until(() => (roundTrip.read() ?? 0) && questions.length === 2, { what: "a new question" });
  questions[1]?.resolve();
});

Deno.test("RoundTrip.read() grows while no answer comes", async () => {
  const answer = Promise.withResolvers<void>();
  const roundTrip = new RoundTrip(() => answer.promise);
  roundTrip.read();
  await until(() => (roundTrip.read() ?? 0) > 50, { what: "the wait to show" });
  answer.resolve();
});

Deno.test("RoundTrip.read() knows nothing when there can be no answer", async () => {
  let asked = 0;
  const roundTrip = new RoundTrip(() => {
    asked++;
    return Promise.reject(new Error("away"));
  });
  await until(() => roundTrip.read() === undefined && asked > 2, { what: "three refusals" });
  assert.equal(roundTrip.read(), undefined);
});
