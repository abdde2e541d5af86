import assert from "node:assert/strict";
import { MemoryGuard, type MemoryReading } from "../src/memory_guard.ts";

const MIB = 1_048_576;
const AT_START = { rss: 100 * MIB, heapTotal: 30 * MIB, external: 10 * MIB };

/** A reading with so much more outside JavaScript than at the start. */
function native(mib: number): MemoryReading {
  return { ...AT_START, rss: AT_START.rss + mib * MIB };
}

Deno.test("MemoryGuard raises the alarm when native memory stays above 1 GiB", () => {
  const guard = new MemoryGuard(AT_START, undefined);
  assert.equal(guard.judge(native(1000), 0), undefined);
  assert.equal(guard.judge(native(1100), 0), undefined);
  assert.deepEqual(guard.judge(native(1200), 3), {
    rss_bytes: 1300 * MIB,
    native_bytes: 1200 * MIB,
    allowed_bytes: 1024 * MIB + 3 * 65_536,
    connections: 3,
  });
});

Deno.test("MemoryGuard lets a large message pass that is gone again", () => {
  const guard = new MemoryGuard(AT_START, undefined);
  for (let times = 0; times < 5; times++) {
    assert.equal(guard.judge(native(1300), 0), undefined);
    assert.equal(guard.judge(native(10), 0), undefined);
  }
});

Deno.test("MemoryGuard minds no memory that JavaScript holds", () => {
  const guard = new MemoryGuard(AT_START, undefined);
  const heap = { rss: 4000 * MIB, heapTotal: 3900 * MIB, external: 10 * MIB };
  const buffers = { rss: 4000 * MIB, heapTotal: 30 * MIB, external: 3900 * MIB };
  for (const reading of [heap, heap, buffers, buffers]) {
    assert.equal(guard.judge(reading, 0), undefined);
  }
});

Deno.test("MemoryGuard allows more for each connection that there ever was", () => {
  const guard = new MemoryGuard(AT_START, undefined);
  // 10,000 connections at 64 KiB.
  for (const connections of [10_000, 0, 0]) {
    assert.equal(guard.judge(native(1600), connections), undefined);
  }
  assert.equal(guard.judge(native(1700), 0), undefined);
  assert.notEqual(guard.judge(native(1700), 0), undefined);
});

Deno.test("MemoryGuard allows half of the memory where there is little", () => {
  const guard = new MemoryGuard(AT_START, 512 * MIB);
  assert.equal(guard.judge(native(250), 0), undefined);
  assert.equal(guard.judge(native(260), 0), undefined);
  assert.notEqual(guard.judge(native(260), 0), undefined);
});
