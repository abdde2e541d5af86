import assert from "node:assert/strict";
import { GivenUp } from "../../src/presence/given_up.ts";

Deno.test("areAmong() knows who was given up by their next incarnation", () => {
  const givenUp = new GivenUp();
  assert.equal(givenUp.areAmong(["us:b-0"], []), false);
  givenUp.add("us:b-0");
  assert.equal(givenUp.areAmong(["us:b-1"], []), true);
  assert.equal(givenUp.areAmong(["us:c-0", "ap:b-1"], []), false, "another run, another node");
});

Deno.test("areAmong() passes over those who are heard again", () => {
  const givenUp = new GivenUp();
  givenUp.add("us:b-0");
  assert.equal(givenUp.areAmong(["us:b-1"], ["us:b-1"]), false);
  assert.equal(givenUp.areAmong(["us:b-1"], ["us:b-0"]), false);
});

Deno.test("add() forgets the oldest of many", () => {
  const givenUp = new GivenUp();
  for (let at = 0; at < 200; at++) givenUp.add(`n${at}:r-0`);
  assert.equal(givenUp.areAmong(["n0:r-1"], []), false);
  assert.equal(givenUp.areAmong(["n199:r-1"], []), true);
});
