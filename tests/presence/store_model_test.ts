/**
 * Stores against the model. `WAYGATE_TEST_MODEL_RUNS` and `WAYGATE_TEST_MODEL_RUNS_REDIS` ask for more
 * runs, `WAYGATE_TEST_MODEL_SEED` for the ones of a failure, which tells its seed.
 *
 * @module
 */
import process from "node:process";
import fc from "fast-check";
import { createMemoryStore } from "../../src/presence/store_memory.ts";
import { lapse, LEASE_MS, T0, WINDOW_MS } from "../conformance/store/builders.ts";
import { RedisPlace } from "./redis_place.ts";
import { commands, MAX_COMMANDS } from "./store_commands.ts";
import { type Real, World } from "./store_world.ts";

const place = await RedisPlace.start();
Deno.test.afterAll(() => place[Symbol.asyncDispose]());

Deno.test("memory store: behaves as the model, whatever happens", async () => {
  await hold(runs("WAYGATE_TEST_MODEL_RUNS", 300), openMemory);
});

Deno.test("redis store: behaves as the model, whatever happens", async () => {
  await hold(runs("WAYGATE_TEST_MODEL_RUNS_REDIS", 30), openRedis);
});

async function hold(numRuns: number, open: () => Real | Promise<Real>): Promise<void> {
  const seed = process.env["WAYGATE_TEST_MODEL_SEED"];
  await fc.assert(
    fc.asyncProperty(commands, async (commands) => {
      const real = await open();
      const model = await World.begin(real);
      await fc.asyncModelRun(() => ({ model, real }), commands);
    }),
    { numRuns, ...(seed && { seed: Number(seed) }) },
  );
}

function openMemory(): Real {
  let now = T0;
  const store = createMemoryStore({ resumeWindowMs: WINDOW_MS, now: () => now });
  return {
    store,
    other: store,
    lapse: async (instance) => {
      await store.openLease(instance, 1);
      // So little that no other lease runs out.
      now += LEASE_MS / MAX_COMMANDS / 2;
    },
  };
}

async function openRedis(): Promise<Real> {
  const stores = await place.stores();
  return { ...stores, lapse: (instance) => lapse(stores.store, instance) };
}

function runs(variable: string, fallback: number): number {
  return Number(process.env[variable] || fallback);
}
