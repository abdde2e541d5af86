import assert from "node:assert/strict";
import type { Page } from "playwright-core";

/** How a page did while it had work. */
export interface Smoothness {
  readonly framesPerSecond: number;
  /** The same without the work, just before and after: less than 60 on a machine that has much else to do. */
  readonly idleFramesPerSecond: number;
  /** Work that held the page's thread for more than 50 ms at once, in ms each. */
  readonly longTasksMs: readonly number[];
  /** Share of the time that the page's thread was at work, by its own clock: 0 to 1. */
  readonly busyShare: number;
}

interface Watch {
  stop(): { readonly frames: number; readonly seconds: number; readonly longTasksMs: number[] };
}

/** Frames a second of a page that a player finds smooth. */
const SMOOTH_FRAMES = 50;

/** Where even an idle page has fewer, the machine is busy, and frames say nothing about the page. */
const FREE_MACHINE_FRAMES = 58;

/** So much of the time may be spent on work, by the page's thread's own clock. */
const MAX_BUSY_SHARE = 0.5;

/**
 * Asserts that the page is smooth while `work` runs, which is to load nothing but the page: more
 * than 50 frames a second, as far as the machine has frames to give; in the best of up to three runs.
 */
export async function assertSmooth(page: Page, work: () => Promise<void>): Promise<void> {
  const runs: Smoothness[] = [];
  do runs.push(await assertLight(page, work)); while (runs.length < 3 && !runs.some(isSmooth));
  assert.ok(runs.some(isSmooth), JSON.stringify(runs));
}

/**
 * Asserts that the page's thread has much time left while `work` runs. Unlike frames, that does not
 * depend on what else the machine has to do.
 */
export async function assertLight(page: Page, work: () => Promise<void>): Promise<Smoothness> {
  const run = await smoothness(page, work);
  console.log(JSON.stringify(run));
  assert.ok(run.busyShare < MAX_BUSY_SHARE, JSON.stringify(run));
  return run;
}

function isSmooth({ framesPerSecond, idleFramesPerSecond }: Smoothness): boolean {
  return framesPerSecond > SMOOTH_FRAMES || idleFramesPerSecond < FREE_MACHINE_FRAMES;
}

async function smoothness(page: Page, work: () => Promise<void>): Promise<Smoothness> {
  const idleBefore = await page.evaluate(countFrames, 1000);
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const busySeconds = async (): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN;
  };
  const before = await busySeconds();
  await page.evaluate(startWatch);
  await work();
  const { frames, longTasksMs, seconds } = await page.evaluate(() =>
    (globalThis as unknown as { watch: Watch }).watch.stop()
  );
  const busyShare = Math.round((await busySeconds() - before) / seconds * 100) / 100;
  await session.detach();
  const idleAfter = await page.evaluate(countFrames, 1000);
  const framesPerSecond = Math.round(frames / seconds);
  const idleFramesPerSecond = Math.min(idleBefore, idleAfter);
  return { framesPerSecond, idleFramesPerSecond, longTasksMs, busyShare };
}

/** Runs in the page. @returns frames a second, over `durationMs` */
function countFrames(durationMs: number): Promise<number> {
  const startedAt = performance.now();
  let frames = 0;
  return new Promise((resolve) => {
    requestAnimationFrame(function frame() {
      frames++;
      const elapsedMs = performance.now() - startedAt;
      if (elapsedMs < durationMs) requestAnimationFrame(frame);
      else resolve(Math.round(frames / elapsedMs * 1000));
    });
  });
}

/** Runs in the page. */
function startWatch(): void {
  let frames = 0;
  let watching = true;
  const startedAt = performance.now();
  const longTasksMs: number[] = [];
  const observer = new PerformanceObserver((list) => {
    longTasksMs.push(...list.getEntries().map(({ duration }) => duration));
  });
  observer.observe({ type: "longtask" });
  requestAnimationFrame(function frame() {
    frames++;
    if (watching) requestAnimationFrame(frame);
  });
  const watch: Watch = {
    stop() {
      watching = false;
      observer.disconnect();
      return { frames, seconds: (performance.now() - startedAt) / 1000, longTasksMs };
    },
  };
  Object.assign(globalThis, { watch });
}
