import assert from "node:assert/strict";
import { SendWindow } from "../../src/bus/send_window.ts";

const MIB = 1_048_576;

Deno.test("admit() lets through what a server that answers can read", async () => {
  const window = new SendWindow(() => Promise.resolve());
  for (let i = 0; i < 500; i++) {
    assert.equal(window.admit(MIB), true);
    await Promise.resolve();
  }
});

Deno.test("admit() refuses once a server that does not answer has 32 MiB before it", async () => {
  let answer = () => {};
  const window = new SendWindow(() => new Promise((resolve) => answer = resolve));
  for (let i = 0; i < 32; i++) assert.equal(window.admit(MIB), true);
  assert.equal(window.admit(1), false);
  assert.equal(window.admit(MIB), false);

  answer();
  await Promise.resolve();
  assert.equal(window.admit(MIB), true);
});

Deno.test("reset() starts anew, and an answer of the link before changes nothing", async () => {
  const answers: (() => void)[] = [];
  const window = new SendWindow(() => new Promise((resolve) => answers.push(resolve)));
  while (window.admit(MIB));
  window.reset();
  for (let i = 0; i < 32; i++) assert.equal(window.admit(MIB), true);
  for (const answer of answers.slice(0, 31)) answer();
  await Promise.resolve();
  assert.equal(window.admit(1), false);
});

Deno.test("a round trip that fails confirms nothing", async () => {
  const window = new SendWindow(() => Promise.reject(new Error("the link broke")));
  while (window.admit(MIB)) await Promise.resolve();
  assert.equal(window.admit(1), false);
});
