/**
 * Whatever happens to a cluster: once it is quiet, every watcher sees what the store says, and the
 * store says what the living nodes know. `WAYGATE_TEST_MODEL_RUNS` and `WAYGATE_TEST_MODEL_RUNS_REDIS`
 * ask for more runs, `WAYGATE_TEST_MODEL_SEED` for the ones of a failure, which tells its seed.
 *
 * @module
 */
import process from "node:process";
import fc from "fast-check";
import { Cluster, type Place } from "./cluster.ts";
import { commands, quiet } from "./cluster_commands.ts";
import { InProcessPlace, MemoryPlace, TimedRedisPlace } from "./cluster_places.ts";
import { FakeTime } from "./fake_time.ts";
import { RedisPlace } from "./redis_place.ts";

const redis = await RedisPlace.start();
Deno.test.afterAll(() => redis[Symbol.asyncDispose]());

Deno.test("cluster over the memory store: agrees once it is quiet, whatever happens", async () => {
  await hold(runs("WAYGATE_TEST_MODEL_RUNS", 120), (time) => new MemoryPlace(time));
});

Deno.test("cluster over a store in process: agrees once it is quiet, whatever happens", async () => {
  await hold(runs("WAYGATE_TEST_MODEL_RUNS", 120), (time) => new InProcessPlace(time));
});

Deno.test("cluster over Redis: agrees once it is quiet, whatever happens", async () => {
  await hold(runs("WAYGATE_TEST_MODEL_RUNS_REDIS", 20), async (time) => {
    const place = new TimedRedisPlace(redis, time);
    await place.flush();
    return place;
  });
});

async function hold(
  numRuns: number,
  open: (time: FakeTime) => Place | Promise<Place>,
): Promise<void> {
  const seed = process.env["WAYGATE_TEST_MODEL_SEED"];
  await fc.assert(
    fc.asyncProperty(commands, fc.constantFrom(2, 3), fc.nat(3), async (commands, count, idle) => {
      using time = new FakeTime();
      const cluster = new Cluster(time, await open(time), count);
      await time.advance(1000);
      // Of one node, or of none, nobody watches anything until somebody begins to.
      for (const node of cluster.nodes.filter((_, at) => at !== idle)) {
        for (const interest of [{ all: true }, { locations: ["lobby"] }, { users: ["ada"] }]) {
          cluster.watch(node, interest);
        }
      }
      await fc.asyncModelRun(() => ({ model: cluster, real: undefined }), commands);
      await quiet().run(cluster, undefined);
    }),
    { numRuns, ...(seed && { seed: Number(seed) }) },
  );
}

function runs(variable: string, fallback: number): number {
  return Number(process.env[variable] || fallback);
}
