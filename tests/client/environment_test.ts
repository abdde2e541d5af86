import assert from "node:assert/strict";
import { pause, runtimeEnvironment } from "../../src/client/environment.ts";
import { until } from "../support/wait.ts";

Deno.test("onWake() hears the network come back, and the tab when it is seen again", () => {
  const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  Object.defineProperty(globalThis, "document", { value: page, configurable: true });
  try {
    let woken = 0;
    const stop = runtimeEnvironment.onWake(() => woken++);
    dispatchEvent(new Event("online"));
    assert.equal(woken, 1);
    page.dispatchEvent(new Event("visibilitychange"));
    assert.equal(woken, 2);
    page.visibilityState = "hidden";
    page.dispatchEvent(new Event("visibilitychange"));
    assert.equal(woken, 2);
    stop();
    page.visibilityState = "visible";
    page.dispatchEvent(new Event("visibilitychange"));
    dispatchEvent(new Event("online"));
    assert.equal(woken, 2);
  } finally {
    Reflect.deleteProperty(globalThis, "document");
  }
});

Deno.test("setTimer() runs later, unless it is cancelled", async () => {
  let ran = 0;
  let cancelled = 0;
  runtimeEnvironment.setTimer(() => cancelled++, 1)();
  runtimeEnvironment.setTimer(() => ran++, 2);
  await until(() => ran === 1, { what: "the timer" });
  assert.equal(cancelled, 0);
});

Deno.test("pause() ends with its signal", async () => {
  const abort = new AbortController();
  const pausing = pause(runtimeEnvironment, 3_600_000, abort.signal);
  abort.abort();
  await pausing;
  await pause(runtimeEnvironment, 3_600_000, abort.signal);
});

for (const delayMs of [2 ** 31, 30 * 86_400_000, Infinity]) {
  Deno.test(`setTimer() does not take ${delayMs} ms for none`, async () => {
    let early = false;
    let later = false;
    const cancel = runtimeEnvironment.setTimer(() => early = true, delayMs);
    runtimeEnvironment.setTimer(() => later = true, 20);
    await until(() => later, { what: "a timer that is due" });
    assert.equal(early, false);
    cancel();
  });
}
