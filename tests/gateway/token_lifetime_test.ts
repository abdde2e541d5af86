import { strict as assert } from "node:assert";
import { TokenLifetime } from "../../src/gateway/token_lifetime.ts";
import { TimerWheel } from "../../src/timer_wheel.ts";

/** A wheel that only records, and runs what is due when it is told to. */
class ManualWheel extends TimerWheel {
  readonly waiting: { delayMs: number; callback: () => void }[] = [];

  constructor() {
    super(() => {});
  }

  override schedule(delayMs: number, callback: () => void) {
    const entry = { delayMs, callback };
    this.waiting.push(entry);
    return { cancel: () => this.#remove(entry) };
  }

  /** Calls what waits, and gives for how long it was to wait. */
  fire(): number {
    const [entry] = this.waiting;
    assert.ok(entry !== undefined && this.waiting.length === 1, "one timer at a time");
    this.#remove(entry);
    entry.callback();
    return entry.delayMs;
  }

  #remove(entry: ManualWheel["waiting"][number]): void {
    const index = this.waiting.indexOf(entry);
    if (index >= 0) this.waiting.splice(index, 1);
  }
}

function lifetimeOf(remainingMs: number) {
  const wheel = new ManualWheel();
  const told: string[] = [];
  const lifetime = new TokenLifetime(wheel, {
    onExpiring: () => told.push("expiring"),
    onExpired: () => told.push("expired"),
  });
  lifetime.start(Date.now() + remainingMs);
  return { wheel, told, lifetime };
}

function about(actualMs: number, expectedMs: number): void {
  assert.ok(Math.abs(actualMs - expectedMs) < 500, `${actualMs} ms, not about ${expectedMs}`);
}

Deno.test("start() tells 30 s before the end, then at the end", () => {
  const { wheel, told } = lifetimeOf(3_600_000);
  about(wheel.fire(), 3_570_000);
  assert.deepEqual(told, ["expiring"]);
  wheel.fire();
  assert.deepEqual(told, ["expiring", "expired"]);
  assert.deepEqual(wheel.waiting, []);
});

Deno.test("start() tells at half the remaining life when that is shorter than 30 s", () => {
  for (const remainingMs of [40_000, 8_000]) {
    const { wheel } = lifetimeOf(remainingMs);
    about(wheel.fire(), remainingMs - Math.min(30_000, remainingMs / 2));
  }
});

Deno.test("start() with a token in the clock skew after its end gives it the rest of the skew", () => {
  const { wheel, told } = lifetimeOf(-3000);
  about(wheel.fire(), 2000);
  wheel.fire();
  assert.deepEqual(told, ["expiring", "expired"]);
});

Deno.test("start() again counts for the newer token alone", () => {
  const { wheel, told, lifetime } = lifetimeOf(60_000);
  wheel.fire();
  lifetime.start(Date.now() + 120_000);
  about(wheel.fire(), 90_000);
  assert.deepEqual(told, ["expiring", "expiring"]);
});

Deno.test("stop() ends all waiting", () => {
  const { wheel, lifetime } = lifetimeOf(60_000);
  lifetime.stop();
  assert.deepEqual(wheel.waiting, []);
});

Deno.test("a life of years is waited for in days", () => {
  const { wheel, told } = lifetimeOf(10 * 365 * 86_400_000);
  about(wheel.fire(), 86_400_000);
  about(wheel.fire(), 86_400_000);
  assert.deepEqual(told, []);
});
