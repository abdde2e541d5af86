import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { launchBrowser } from "./browser.ts";
import { openElementPage } from "./element_page.ts";
import { players } from "./players.ts";
import type { TestPage } from "./test_page.ts";

const browser = await launchBrowser();

const USERS = 500;
const CHANGES_PER_SECOND = 50;
const SECONDS = 4;

/** What a page did while it was watched. */
interface Smoothness {
  readonly framesPerSecond: number;
  /** Work on the page's thread that took more than 50 ms at once, in ms each. */
  readonly longTasksMs: readonly number[];
  /** Rows that were made or taken out. */
  readonly nodesChanged: number;
  readonly changes: number;
  readonly seconds: number;
}

Deno.test("waygate-presence stays smooth with 500 users and 50 changes a second", async () => {
  await using opened = await openElementPage(browser, "<waygate-presence></waygate-presence>");
  const { page } = opened;
  await page.evaluate((presences) => {
    const { client } = globalThis as unknown as TestPage;
    client.presence.update(presences);
    client.enter("connected");
    const element = document.querySelector("waygate-presence");
    if (element) element.client = client;
  }, players(USERS));
  assert.equal(await page.locator("waygate-presence li").count(), USERS);

  const best = await bestOfThree(page);
  console.log(JSON.stringify(best));
  assert.equal(best.changes, CHANGES_PER_SECOND * SECONDS);
  assert.equal(best.nodesChanged, 0);
  assert.ok(best.framesPerSecond > 50, `${best.framesPerSecond} frames a second`);
  assert.ok(best.busyShare < 0.5, `The page's thread is busy for ${best.busyShare} of the time`);
});

/** The machine may have other work: one good run shows what the page can do. */
async function bestOfThree(page: Page): Promise<Smoothness & { readonly busyShare: number }> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const busySeconds = async (): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN;
  };
  const runs = [];
  do {
    const before = await busySeconds();
    const smoothness = await watchChanges(page);
    const busyShare = (await busySeconds() - before) / smoothness.seconds;
    runs.push({ ...smoothness, busyShare: Math.round(busyShare * 100) / 100 });
  } while (runs.length < 3 && runs.every(({ framesPerSecond }) => framesPerSecond <= 50));
  return runs.reduce((best, run) => run.framesPerSecond > best.framesPerSecond ? run : best);
}

/** Changes status and location of users at an even pace, and watches the page meanwhile. */
function watchChanges(page: Page): Promise<Smoothness> {
  return page.evaluate(async ({ changes, periodMs }) => {
    const { presence } = (globalThis as unknown as TestPage).client;
    const users = [...presence.users().values()];
    const statuses = ["online", "away", "busy"] as const;
    const longTasksMs: number[] = [];
    const observer = new PerformanceObserver((list) => {
      longTasksMs.push(...list.getEntries().map(({ duration }) => duration));
    });
    observer.observe({ type: "longtask" });
    let nodesChanged = 0;
    const list = document.querySelector("waygate-presence")?.shadowRoot?.querySelector("ul");
    const mutations = new MutationObserver((records) => nodesChanged += records.length);
    if (list) mutations.observe(list, { childList: true });

    let frames = 0;
    let made = 0;
    const startedAt = performance.now();
    await new Promise<void>((resolve) => {
      requestAnimationFrame(function frame() {
        frames++;
        if (made < changes) requestAnimationFrame(frame);
        else resolve();
      });
      const timer = setInterval(() => {
        // An interval that fell behind catches up: the pace is what counts.
        const due = Math.min(changes, Math.floor((performance.now() - startedAt) / periodMs));
        for (; made < due; made++) {
          const user = users[(made * 37) % users.length];
          const status = statuses[made % statuses.length];
          if (!user || !status) continue;
          presence.update([{
            ...user,
            status,
            location: `zone:${made % 10}`,
            last_seen: new Date().toISOString(),
            version: made + 2,
          }]);
        }
        if (made === changes) clearInterval(timer);
      }, periodMs);
    });
    const seconds = (performance.now() - startedAt) / 1000;
    observer.disconnect();
    mutations.disconnect();
    return {
      framesPerSecond: Math.round(frames / seconds),
      longTasksMs,
      nodesChanged,
      changes: made,
      seconds,
    };
  }, { changes: CHANGES_PER_SECOND * SECONDS, periodMs: 1000 / CHANGES_PER_SECOND });
}
