import assert from "node:assert/strict";
import { Bystander, quantile } from "./bystander.ts";
import { Crowd } from "./crowd.ts";
import { FaultPlace, IS_LONG, metric } from "./fault_place.ts";

const PLAYERS = 1000;

const place = await FaultPlace.start({
  env: { PRESENCE_AUTO_SUBSCRIBE: "all", RATE_LIMIT_MESSAGES: "0" },
});
Deno.test.afterAll(() => place[Symbol.asyncDispose]());

Deno.test(`${PLAYERS} players join at once, all watching all: each is told once a flush, and of everyone`, async () => {
  const flushesBefore = await metric(place.eu, "waygate_presence_flushes_total");
  const bystander = await Bystander.start(place.eu);
  await using crowd = new Crowd();
  await crowd.view();
  const tookMs = await crowd.join(place.eu.wsUrl, PLAYERS, { watches: true });
  await crowd.allSee(PLAYERS + 1);
  const flushes = await metric(place.eu, "waygate_presence_flushes_total") - flushesBefore;
  const answers = await bystander.end();
  const { frames, open } = await crowd.view();
  const [p50, p99, p100] = [0.5, 0.99, 1].map((share) => Math.round(quantile(answers, share)));
  console.log(
    `${PLAYERS} joined in ${
      Math.round(tookMs)
    } ms, ${flushes} flushes, frames ${frames.min}–${frames.max}; ` +
      `bystander ${answers.length} pings: p50 ${p50}, p99 ${p99}, max ${p100} ms`,
  );
  assert.equal(open, PLAYERS);
  assert.ok(frames.max <= flushes + 1, `${frames.max} frames in ${flushes} flushes`);
  if (IS_LONG) assert.ok(p99 !== undefined && p99 < 100, `p99 ${p99} ms`);
});
